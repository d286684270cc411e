/**
 * Cursor, whose servers call the gateway: what works is said first, a tunnel is opened that leads to its path alone, a
 * virtual key with a budget and an end is shown once, and the first request is waited for. The tunnel is a program that
 * behaves like the real one; what Cursor's servers would send comes to the port behind it.
 */
import { afterAll, beforeAll, expect, test } from "bun:test";
import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { putProgram, QUICK_TUNNEL } from "../src/door/door.testing.ts";
import { OwnkeyHome, until } from "./support/ownkey.ts";
import { ownkeyCommand } from "./support/program.ts";
import { newKey } from "./support/keys.ts";
import { ANSWER } from "./support/stage.ts";
import { json, startUpstream, type Upstream } from "./support/upstream.ts";

const programs = "bin-of-tunnels";
const home = new OwnkeyHome();
const env = { PATH: `${join(home.folder, programs)}:${process.env["PATH"] ?? ""}` };
const providerKey = newKey.openai();
let upstream: Upstream;

beforeAll(async () => {
  upstream = await startUpstream(json(200, ANSWER));
  await home.up();
  await home.addKey("openai", providerKey, "--base-url", upstream.url, "--no-test", "--model", "gpt-4o-mini");
  mkdirSync(join(home.folder, programs));
  putProgram(join(home.folder, programs), "cloudflared");
});

afterAll(async () => {
  await home.call("door.close");
  await upstream.close();
  await home.remove();
});

interface Connected {
  readonly items: readonly [
    {
      readonly outcome: string;
      readonly plan: { readonly limits: readonly string[]; readonly budgets: readonly string[] };
      readonly connected: {
        readonly steps: readonly {
          readonly values: readonly { readonly name: string; readonly value: string }[];
        }[];
        readonly expiresAt: string;
      };
      readonly door: { readonly url: string; readonly localUrl: string };
      readonly first?: { readonly arrived: boolean; readonly status: number | null; readonly what: string };
    },
  ];
}

interface Shown {
  readonly open: { readonly localUrl: string } | null;
}

const connect = (...args: string[]) => ["tools", "connect", "cursor", "--tunnel", "cloudflared", ...args];
const localUrl = async () => {
  const { open } = await home.call<Shown>("door.show");
  return open?.localUrl;
};

/** As Cursor's servers send it: shaped for Responses, to the path of Chat Completions. */
async function cursorAsks(at: string, key: string): Promise<Response> {
  return await fetch(`${at}/t/cursor/cursor/v1/chat/completions`, {
    method: "POST",
    headers: {
      host: new URL(QUICK_TUNNEL).host,
      authorization: `Bearer ${key}`,
      "content-type": "application/json",
    },
    body: JSON.stringify({
      model: "gpt-4o-mini",
      input: [{ role: "user", content: [{ type: "input_text", text: "hi" }] }],
      tools: [
        { type: "function", name: "read_file", parameters: { type: "object", properties: {} } },
        { type: "custom", name: "apply_patch", format: { type: "grammar", syntax: "lark", definition: "x" } },
      ],
      include: ["reasoning.encrypted_content"],
      reasoning: { effort: "low" },
    }),
  });
}

test("before anything is changed it says what cannot work, and that a way in is needed", async () => {
  const { code, stderr } = await home.run(["tools", "connect", "cursor", "--yes"], { env });
  expect([code, stderr]).toEqual([
    2,
    "error: Cursor's servers call the gateway, so that it needs a public https address\n" +
      "  ownkey tools connect cursor --tunnel cloudflared, --tunnel tailscale, or --public-url https://NAME\n",
  ]);
  const { stdout } = await home.run(connect("--dry-run"), { env });
  expect(stdout).toContain("Tab, Apply, Auto and Cursor's own models do not use your key");
  expect(stdout).toContain("its virtual key: at most 5usd/day, until");
  expect(stdout).toContain("OpenAI API Key: (made when you agree)");
  expect(await localUrl()).toBeUndefined();
  expect(
    await home.run(["tools", "connect", "cursor", "--tunnel", "tailscale", "--yes"], { env }),
  ).toMatchObject({
    code: 3,
    stderr: expect.stringContaining("tailscale is not installed"),
  });
  expect(
    await home.run(["tools", "connect", "cursor", "--public-url", "https://127.0.0.1", "--yes"]),
  ).toMatchObject({
    code: 2,
  });
  const { items } = await home.call<{ items: { name: string }[] }>("vk.list");
  expect(items).toEqual([]);
});

test("the first request through the tunnel is waited for, answered, counted and told; disconnecting closes everything", async () => {
  const working = home.json<Connected>(connect("--yes", "--wait", "30"), { env });
  const at = await until(localUrl, "the door is open");
  // Cursor's dialog gets the key from the screen; here it is known when the command has ended. A wrong one comes first.
  expect((await cursorAsks(at, "sk-wrong")).status).toBe(401);
  const { items } = await working;
  const [{ outcome, plan, connected, door, first }] = items;
  expect([outcome, door.url]).toEqual(["connected", QUICK_TUNNEL]);
  expect(first).toMatchObject({ arrived: true, status: 401, what: "it came with another key than this one" });
  expect(plan.budgets).toEqual(["5usd/day"]);
  expect(Date.parse(connected.expiresAt)).toBeGreaterThan(Date.now() + 29 * 86_400_000);
  const values = new Map(
    connected.steps.flatMap((step) => step.values.map(({ name, value }) => [name, value])),
  );
  expect(values.get("Override OpenAI Base URL")).toBe(`${QUICK_TUNNEL}/t/cursor/cursor/v1`);
  const key = values.get("OpenAI API Key") ?? "";

  const answer = await cursorAsks(at, key);
  expect([answer.status, await answer.json()]).toEqual([200, ANSWER]);
  const sent = JSON.parse(upstream.arrived.at(-1)?.body.toString() ?? "") as Record<string, unknown>;
  expect(upstream.arrived.at(-1)?.headers.get("authorization")).toBe(`Bearer ${providerKey}`);
  expect(Object.keys(sent)).not.toContain("input");
  expect(sent["tools"]).toEqual([
    { type: "function", function: { name: "read_file", parameters: { type: "object", properties: {} } } },
  ]);
  expect(await home.lastRequest()).toMatchObject({ tool: "cursor", virtualKey: "tool:cursor", status: 200 });

  expect(await home.json(["tools", "disconnect", "cursor"])).toMatchObject({
    items: [{ tool: "cursor", disabled: true }],
  });
  expect(await localUrl()).toBeUndefined();
  expect(await fetch(at).catch(() => "closed")).toBe("closed");
});

test("without a terminal it does not wait unless told to; Ctrl-C ends the waiting, and what was set up stays", async () => {
  const first = home.json<Connected>(connect("--yes"), { env });
  const { items } = await first;
  const key = items[0].connected.steps[0]?.values[0]?.value ?? "";
  expect(items[0].first).toBeUndefined();
  expect(await home.call("door.show")).toMatchObject({ open: { url: QUICK_TUNNEL, way: "cloudflared" } });
  const at = (await localUrl()) ?? "";
  expect((await cursorAsks(at, key)).status).toBe(200);

  const waiting = Bun.spawn([...(await ownkeyCommand()), ...connect("--yes", "--wait", "60")], {
    env: { ...env, HOME: home.folder, OWNKEY_HOME: home.home, NO_COLOR: "1" },
    stdin: "ignore",
    stdout: "pipe",
    stderr: "ignore",
  });
  let printed = "";
  for await (const chunk of waiting.stdout) {
    printed += Buffer.from(chunk).toString();
    if (printed.endsWith("ends the waiting only\n")) waiting.kill("SIGINT");
  }
  expect(await waiting.exited).toBe(0);
  expect(printed).toContain("no longer waiting\n  everything stays set up;");
  expect(await home.call("door.show")).toMatchObject({ open: { url: QUICK_TUNNEL } });
});
