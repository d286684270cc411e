import { afterEach, expect, test } from "bun:test";
import { mkdirSync, mkdtempSync, rmSync } from "node:fs";
import { createServer, type Socket } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { holderName, otherOwnkey } from "./other-ownkey.ts";
import { prepareSocketPath, writeRunning } from "./running.ts";

const userHome = mkdtempSync(join(tmpdir(), "ownkey-holder-"));
const usual = join(userHome, ".ownkey");
const stops: (() => unknown)[] = [];
afterEach(async () => {
  for (const stop of stops.splice(0)) await stop();
  rmSync(usual, { recursive: true, force: true });
});

function serve(headers: Record<string, string>): number {
  const server = Bun.serve({ port: 0, hostname: "127.0.0.1", fetch: () => new Response("", { headers }) });
  stops.push(() => server.stop(true));
  return server.port ?? 0;
}

const holderOf = async (port: number, home = "/nowhere") =>
  await otherOwnkey({ hostname: "127.0.0.1", port, home, userHome });

/** The usual home has a program that tells this port. */
function runUsual(port: number, ui = 1): void {
  mkdirSync(join(usual, "run"), { recursive: true, mode: 0o700 });
  const socket = prepareSocketPath(usual, "vault_01j9zk3v5x7a8b9c0d1e2f3g4h", process.getuid?.() ?? 0);
  const server = Bun.serve({ unix: socket, fetch: () => Response.json({ status: "ok" }) });
  stops.push(() => server.stop(true));
  writeRunning({
    pid: 1,
    version: "1.0.0",
    home: usual,
    url: `http://127.0.0.1:${port}`,
    ui: `http://127.0.0.1:${ui}`,
    socket,
    startedAt: "2026-11-23T00:00:00.000Z",
    startMs: 1,
  });
}

test("an Ownkey is known by its header; anything else is another program", async () => {
  expect(await holderOf(serve({ "x-ownkey-request-id": "req_x" }))).toEqual({ home: undefined });
  expect(await holderOf(serve({ "x-request-id": "ownkey" }))).toBeUndefined();
  const sockets: Socket[] = [];
  const silent = createServer((socket) => sockets.push(socket));
  await new Promise<void>((resolve) => silent.listen(0, "127.0.0.1", resolve));
  const { port } = silent.address() as { port: number };
  expect(await holderOf(port)).toBeUndefined();
  for (const socket of sockets) socket.destroy();
  silent.close();
});

test("the user's usual home is known by its own files, never by what answers", async () => {
  const port = serve({ "x-ownkey-request-id": "/somewhere" });
  expect(await holderOf(port)).toEqual({ home: undefined });
  runUsual(port);
  expect(await holderOf(port)).toEqual({ home: usual });
  expect(await holderOf(port, usual)).toEqual({ home: undefined });
  expect(await holderOf(serve({}))).toBeUndefined();
});

test("a file that a killed program left tells nothing", async () => {
  const port = serve({});
  runUsual(1, port);
  expect(await holderOf(port)).toEqual({ home: usual });
  await stops.pop()?.();
  expect(await holderOf(port)).toBeUndefined();
});

test("in words", () => {
  expect(holderName(undefined)).toBe("another program");
  expect(holderName({ home: undefined })).toBe("another Ownkey, of another home,");
  expect(holderName({ home: usual })).toBe(`another Ownkey, that of ${usual},`);
});
