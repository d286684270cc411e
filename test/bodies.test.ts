/** Large bodies through `ownkey up`: as much memory as the setting says, and a file that nobody can read. */
import { afterAll, beforeAll, expect, test } from "bun:test";
import { readdirSync, readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import { Canaries } from "./support/canary.ts";
import { newKey, randomText } from "./support/keys.ts";
import { openFiles, showsOpenFiles } from "./support/open-files.ts";
import { OwnkeyHome, type RunningUp, until } from "./support/ownkey.ts";

const MIB = 1024 * 1024;
const canaries = new Canaries();
const spoken = canaries.watch("what a recording says", `spoken ${randomText(24)}`);

/** Looks while a form is on its way; set by a test. */
let whileReading: () => void = () => {};
const sizes: number[] = [];
const provider = Bun.serve({
  hostname: "127.0.0.1",
  port: 0,
  maxRequestBodySize: 1024 * MIB,
  async fetch(request) {
    let sizeBytes = 0;
    for await (const piece of request.body ?? []) {
      whileReading();
      sizeBytes += piece.length;
    }
    sizes.push(sizeBytes);
    return Response.json({ text: "hello" });
  },
});

const home = new OwnkeyHome();
let up: RunningUp;
let virtualKey: string;

beforeAll(async () => {
  await home.json(["config", "set", "bodyMemoryMb", "32"]);
  up = await home.up();
  const url = `http://127.0.0.1:${provider.port}`;
  await home.addKey("openai", newKey.openai(), "--base-url", url, "--no-test");
  virtualKey = await home.virtualKey("large");
}, 30_000);

afterAll(async () => {
  await home.remove();
  await provider.stop(true);
});

const send = (path: string, body: Uint8Array, type: string) =>
  fetch(`${up.ready.url}${path}`, {
    method: "POST",
    body,
    headers: { authorization: `Bearer ${virtualKey}`, "content-type": type },
  });

async function bodyBytes(): Promise<number> {
  const text = await (await fetch(`${up.ready.ui}/metrics`)).text();
  return Number(/^ownkey_gateway_body_bytes (\d+)$/m.exec(text)?.[1]);
}

/** Most memory that the program ever had. */
function peakBytes(): number {
  const status = readFileSync(`/proc/${up.ready.pid}/status`, "utf8");
  return Number(/^VmHWM:\s+(\d+) kB$/m.exec(status)?.[1]) * 1024;
}

test("the setting bounds what is kept, and a larger body is refused", async () => {
  const text = Buffer.from(JSON.stringify({ model: "gpt-x", input: "x".repeat(33 * MIB) }));
  const answer = await send("/v1/embeddings", text, "application/json");
  expect(answer.status).toBe(413);
  expect(await answer.json()).toMatchObject({
    error: { code: "too_large", details: { limitBytes: 32 * MIB } },
  });
  expect(sizes).toEqual([]);
  expect(await bodyBytes()).toBe(0);
});

test("a form larger than that with its model last goes through a file, of which nothing can be read", async () => {
  const disposition = (name: string) => `Content-Disposition: form-data; name="${name}"`;
  const form = Buffer.concat([
    Buffer.from(`--b\r\n${disposition("file")}; filename="a.wav"\r\n\r\n`),
    Buffer.alloc(120 * MIB, `${spoken} `),
    Buffer.from(`\r\n--b\r\n${disposition("model")}\r\n\r\nwhisper-1\r\n--b--\r\n`),
  ]);
  let looked = false;
  whileReading = () => {
    if (looked) return;
    looked = true;
    expect(canaries.inFolder(home.home)).toEqual([]);
    if (!showsOpenFiles) return;
    const [spool] = spools();
    const written = readFileSync(spool ?? "");
    expect(written.length).toBeGreaterThan(form.length);
    expect(canaries.in("the file on its way", written)).toEqual([]);
  };
  const before = showsOpenFiles ? peakBytes() : 0;
  const answer = await send("/v1/audio/transcriptions", form, "multipart/form-data; boundary=b");
  expect(answer.status).toBe(200);
  expect(looked).toBe(true);
  expect(sizes).toEqual([form.length]);
  if (showsOpenFiles) expect(peakBytes() - before).toBeLessThan(form.length / 2);
  await until(() => spools().length === 0, "the file is gone");
  const folder = join(home.home, "spool");
  expect(readdirSync(folder)).toEqual([]);
  expect(statSync(folder).mode & 0o777).toBe(0o700);
  expect(canaries.inFolder(home.home)).toEqual([]);
  expect(await bodyBytes()).toBe(0);
}, 30_000);

/** Files without a name that the program has open in the spool's folder. */
function spools(): string[] {
  return openFiles(join(home.home, "spool"), up.ready.pid);
}
