import { afterAll, afterEach, expect, test } from "bun:test";
import { existsSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { AppError, silentLog, systemClock } from "../kernel/index.ts";
import { FUNNEL, putProgram, QUICK_TUNNEL } from "./door.testing.ts";
import { Door } from "./door.ts";
import type { DoorWay } from "./open-door.ts";

const TOKEN = "the-tools-own-key";
const folder = mkdtempSync(join(tmpdir(), "ownkey-door-"));
const seen: { path: string; headers: Headers; body: string }[] = [];
const gateway = Bun.serve({
  port: 0,
  hostname: "127.0.0.1",
  async fetch(request) {
    const { pathname, search } = new URL(request.url);
    seen.push({ path: pathname + search, headers: request.headers, body: await request.text() });
    return new Response("data: one\n\ndata: two\n\n", {
      status: 207,
      headers: { "content-type": "text/event-stream", "x-ownkey-request-id": "req_1" },
    });
  },
});

const doors: Door[] = [];
afterEach(async () => {
  for (const door of doors.splice(0)) await door.close();
});
afterAll(() => {
  void gateway.stop(true);
  rmSync(folder, { recursive: true, force: true });
});

function newDoor(tunnelWithinMs = 10_000): Door {
  const door = new Door({
    home: folder,
    gatewayUrl: `http://127.0.0.1:${gateway.port}`,
    mayEnter: (token, tool) => Promise.resolve(token === TOKEN && tool === "cursor"),
    clock: systemClock,
    log: silentLog,
    tunnelWithinMs,
  });
  doors.push(door);
  return door;
}

const env = { PATH: process.env["PATH"], OPENAI_API_KEY: "not for tunnels", OWNKEY_HOME: "/x" };
const opened = async (door: Door, way: DoorWay) =>
  await door.open({ tool: "cursor", way, env, userHome: folder });

/** As a tunnel would pass it on. */
async function ask(
  localUrl: string,
  host: string,
  token = TOKEN,
  path = "/t/cursor/cursor/v1/chat/completions?a=b",
) {
  return await fetch(localUrl + path, {
    method: "POST",
    headers: { host, authorization: `Bearer ${token}`, "x-forwarded-for": "1.2.3.4" },
    body: "{}",
  });
}

async function failureOf(work: Promise<unknown>): Promise<AppError> {
  const failure = await work.then(
    () => undefined,
    (error: unknown) => error,
  );
  if (failure instanceof AppError) return failure;
  throw new Error(`an AppError was expected, not ${String(failure)}`);
}

test("through a quick tunnel: its address, the tool's requests byte for byte, and nothing without the tool's key", async () => {
  const program = putProgram(folder, "cloudflared");
  const door = newDoor();
  const { url, localUrl, way } = await opened(door, { tunnel: "cloudflared", program });
  expect([url, way]).toEqual([QUICK_TUNNEL, "cloudflared"]);
  expect(readFileSync(`${program}.args`, "utf8")).toBe(`tunnel --no-autoupdate --url ${localUrl}\n`);
  expect(readFileSync(`${program}.env`, "utf8")).not.toMatch(/OPENAI_API_KEY|OWNKEY_HOME/);

  const answer = await ask(localUrl, new URL(url).host);
  expect([answer.status, await answer.text()]).toEqual([207, "data: one\n\ndata: two\n\n"]);
  expect(answer.headers.get("x-ownkey-request-id")).toBe("req_1");
  const [passed] = seen.splice(0);
  expect(passed).toMatchObject({ path: "/t/cursor/cursor/v1/chat/completions?a=b", body: "{}" });
  expect(passed?.headers.get("host")).toBe(`127.0.0.1:${gateway.port}`);

  expect((await ask(localUrl, new URL(url).host, "another-key")).status).toBe(401);
  expect((await ask(localUrl, new URL(url).host, TOKEN, "/v1/models")).status).toBe(404);
  expect((await ask(localUrl, new URL(localUrl).host)).status).toBe(421);
  expect(seen).toEqual([]);
  expect(door.state()?.seen.map((one) => one.status)).toEqual([207, 401]);
});

test("closed, nothing listens and the tunnel's program has ended; a quick tunnel is not opened again", async () => {
  const program = putProgram(folder, "cloudflared");
  const door = newDoor();
  const { localUrl } = await opened(door, { tunnel: "cloudflared", program });
  await door.end();
  expect(isRunning(program)).toBe(false);
  expect(door.state()).toBeUndefined();
  expect(await fetch(localUrl).catch(() => "nothing listens")).toBe("nothing listens");
  await door.reopen(env, folder);
  expect(door.state()).toBeUndefined();
});

test("a funnel keeps its address, and is opened again with the program until it is closed", async () => {
  const program = putProgram(folder, "tailscale");
  const first = newDoor();
  expect(await opened(first, { tunnel: "tailscale", program })).toMatchObject({ url: FUNNEL });
  await first.end();
  const second = newDoor();
  await second.reopen(env, folder);
  expect(second.state()).toMatchObject({ tool: "cursor", url: FUNNEL, way: "tailscale" });
  await second.close();
  expect(existsSync(join(folder, "door.json"))).toBe(false);
});

test("an address of one's own leads to the port that was named, which only one door has", async () => {
  const door = newDoor();
  const { localUrl, url } = await opened(door, { url: "https://keys.example.com/", port: 0 });
  expect(url).toBe("https://keys.example.com");
  expect((await ask(localUrl, "keys.example.com")).status).toBe(207);
  seen.splice(0);
  const port = Number(new URL(localUrl).port);
  expect((await failureOf(opened(newDoor(), { url: "https://b.example.com", port }))).code).toBe(
    "address_in_use",
  );
});

test("what a tunnel says against it is told", async () => {
  const refused = putProgram(folder, "cloudflared, refused");
  const failure = await failureOf(opened(newDoor(), { tunnel: "cloudflared", program: refused }));
  expect([failure.code, failure.message]).toEqual([
    "conflict",
    'cloudflared ended: Error requesting new quick Tunnel error="429 Too Many Requests"',
  ]);
  const silent = putProgram(folder, "tailscale, not enabled");
  const late = await failureOf(opened(newDoor(400), { tunnel: "tailscale", program: silent }));
  expect(late.code).toBe("time_limit");
  expect(late.message).toContain("Funnel is not enabled on your tailnet.");
  expect(late.message).toContain("https://login.tailscale.com/f/funnel?node=nAbCdEf");
  const without = putProgram(folder, "cloudflared, without a connection");
  expect((await failureOf(opened(newDoor(400), { tunnel: "cloudflared", program: without }))).code).toBe(
    "time_limit",
  );
  for (const path of [silent, without]) expect(isRunning(path)).toBe(false);
});

test("when the tunnel ends by itself, that is known and nothing is served any more", async () => {
  const program = putProgram(folder, "cloudflared, gone after a moment");
  const door = newDoor();
  const { localUrl, url } = await opened(door, { tunnel: "cloudflared", program });
  while (door.state()?.problem === undefined) await Bun.sleep(20);
  expect(door.state()?.problem).toBe("cloudflared has ended");
  expect((await ask(localUrl, new URL(url).host)).status).toBe(421);
});

test("a tunnel ends with the program that opened it, also when that is killed", async () => {
  const program = putProgram(folder, "tailscale");
  const script = `import { startTunnel } from ${JSON.stringify(join(import.meta.dir, "tunnel-process.ts"))};
    import { TUNNELS } from ${JSON.stringify(join(import.meta.dir, "tunnels.ts"))};
    await startTunnel({ kind: TUNNELS.tailscale, program: ${JSON.stringify(program)}, port: 1, userHome: "/", env: process.env, withinMs: 9000 });
    console.log("open"); setInterval(() => {}, 1000);`;
  const child = Bun.spawn([process.execPath, "-e", script], { stdout: "pipe", stderr: "inherit" });
  for await (const chunk of child.stdout) if (Buffer.from(chunk).includes("open")) break;
  expect(isRunning(program)).toBe(true);
  child.kill("SIGKILL");
  await child.exited;
  while (isRunning(program)) await Bun.sleep(20);
  expect(isRunning(program)).toBe(false);
});

function isRunning(program: string): boolean {
  try {
    process.kill(Number(readFileSync(`${program}.pid`, "utf8")), 0);
    return true;
  } catch {
    return false;
  }
}
