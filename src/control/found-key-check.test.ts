import { afterAll, expect, test } from "bun:test";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Caller } from "../access/index.ts";
import { KeyTester } from "../connections/index.ts";
import { systemClock } from "../kernel/index.ts";
import type { Control } from "./control.ts";
import * as scan from "./operations/scan.ts";

const folder = mkdtempSync(join(tmpdir(), "ownkey-verify-"));
/** Host that was meant, and the credential that it would have got. */
const seen: { host: string; credential: string | null }[] = [];
const server = Bun.serve({
  port: 0,
  hostname: "127.0.0.1",
  fetch(request) {
    const host = request.headers.get("x-meant-for") ?? "";
    const { headers } = request;
    seen.push({ host, credential: headers.get("authorization") ?? headers.get("api-key") });
    return host.startsWith("api.groq")
      ? Response.json({ object: "list", data: [] })
      : Response.json({ error: { message: "no", code: "401" } }, { status: 401 });
  },
});
afterAll(async () => {
  await server.stop(true);
  rmSync(folder, { recursive: true });
});

/** Provider doubles on loopback, whatever host is meant. */
const keyTester = new KeyTester({
  clock: systemClock,
  fetch: async (url, init) => {
    const { host, pathname } = new URL(url);
    if (host === "api.x.ai") throw new TypeError("no route");
    const headers = new Headers(init.headers);
    headers.set("x-meant-for", host);
    return await fetch(`http://127.0.0.1:${server.port}${pathname}`, { ...init, headers });
  },
});
const control = { home: folder, keyTester } as unknown as Control;

const letters = "q7Rw2Zk9Tb4Xm1Ns8Vc5Lp3Hd6Jf0Gy";
const groq = `gs${"k_"}${(letters + letters).slice(0, 52)}`;
const xai = `xa${"i-"}${(letters + letters + letters).slice(0, 80)}`;
const azure = "9f3c1a7e5b2d8064c1e97a3f5d2b8e60";

async function run(verify: boolean) {
  const told: string[] = [];
  const { items } = await scan.run.run(control, { kind: "cli" } as unknown as Caller, {
    ...scan.run.input.parse({ paths: [folder], workingDirectory: folder, environment: { HOME: folder } }),
    verify,
    onVerify: (hosts) => told.push(`${seen.length}: ${hosts.map(({ host }) => host).join(" ")}`),
  });
  return { items, told };
}

test("found keys are asked about on request only, each once, at its own provider, told beforehand", async () => {
  writeFileSync(join(folder, "a.env"), `GROQ_API_KEY=${groq}\nGROQ_BASE_URL=https://elsewhere.example/v1\n`);
  writeFileSync(join(folder, "b.py"), `key = "${groq}"\n`);
  writeFileSync(join(folder, "c.py"), `key = "${xai}"\n`);
  writeFileSync(
    join(folder, "d.env"),
    `AZURE_OPENAI_ENDPOINT=https://r.openai.azure.com\nAZURE_OPENAI_API_KEY=${azure}\n`,
  );
  writeFileSync(join(folder, "e.env"), `MISTRAL_API_KEY=${letters}2\n`);

  const silent = await run(false);
  expect(silent.told).toEqual([]);
  expect(seen).toEqual([]);
  expect(silent.items.some(({ verification }) => verification)).toBe(false);

  const { items, told } = await run(true);
  expect(told).toHaveLength(1);
  expect(told[0]).toStartWith("0: ");
  expect(told[0]?.slice(3).split(" ").toSorted()).toEqual(["api.groq.com", "api.x.ai", "r.openai.azure.com"]);
  expect(seen.toSorted((a, b) => a.host.localeCompare(b.host))).toEqual([
    { host: "api.groq.com", credential: `Bearer ${groq}` },
    { host: "r.openai.azure.com", credential: azure },
  ]);
  const verdictAt = (name: string) =>
    items.find(({ path, verification }) => path.endsWith(name) && verification)?.verification?.verdict;
  expect(["a.env", "b.py", "c.py", "d.env", "e.env"].map(verdictAt)).toEqual([
    "ok",
    "ok",
    "untested",
    "invalid_key",
    undefined,
  ]);
  expect(JSON.stringify(items)).not.toContain(groq);
});
