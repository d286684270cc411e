import { afterAll, describe, expect, test } from "bun:test";
import {
  existsSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { basename, dirname, join } from "node:path";
import { z } from "zod";
import type { AppError } from "../kernel/index.ts";
import { createSocketClient } from "./client.ts";
import { operation } from "./operation.ts";
import {
  claimRunning,
  makeSocketPrivate,
  prepareSocketPath,
  readRunning,
  removeRunning,
  runDir,
  type Running,
  writeRunning,
} from "./running.ts";
import { fetchToken } from "./token-client.ts";

const root = mkdtempSync(join(tmpdir(), "ownkey-running-"));
let homes = 0;
afterAll(() => rmSync(root, { recursive: true, force: true }));

const VAULT = "vault_01j9zk3v5x7a8b9c0d1e2f3g4h";
const USER = process.getuid?.() ?? 0;

function newHome(below = ""): string {
  const home = join(root, `h${homes++}`, below);
  mkdirSync(home, { recursive: true, mode: 0o700 });
  return home;
}

function runningAt(home: string, socket = "/nowhere.sock"): Running {
  return {
    pid: 1,
    version: "1.0.0",
    home,
    url: "http://a",
    ui: "http://b",
    socket,
    startedAt: "2026-11-23T00:00:00Z",
    startMs: 120,
  };
}

const anything = operation({
  name: "test.anything",
  summary: "Whatever the double answers",
  place: "running",
  input: z.object({}),
  output: z.object({ fine: z.boolean() }),
  run: async () => ({ fine: true }),
});

describe("the place of the running program", () => {
  test("is taken once, and free again when given up", () => {
    const home = newHome();
    const place = claimRunning(home);
    expect(claimRunning(home)).toBeUndefined();
    place?.close();
    const again = claimRunning(home);
    expect(again).toBeDefined();
    again?.close();
  });

  test("is not told from what a former program left: taking it removes that", () => {
    const home = newHome();
    claimRunning(home)?.close();
    writeRunning(runningAt(home));
    expect(readRunning(home)).toEqual(runningAt(home));
    const place = claimRunning(home);
    expect(readRunning(home)).toBeUndefined();
    place?.close();
  });

  test("who does not get it changes nothing of what the holder told", () => {
    const home = newHome();
    const place = claimRunning(home);
    writeRunning(runningAt(home));
    expect(claimRunning(home)).toBeUndefined();
    expect(readRunning(home)).toEqual(runningAt(home));
    removeRunning(home);
    removeRunning(home);
    place?.close();
  });

  test.each(["", "{", "null", "[]", `{"pid":"1"}`, `{"pid":1,"socket":"/s"}`])("%p tells nothing", (text) => {
    const home = newHome();
    claimRunning(home)?.close();
    writeFileSync(join(runDir(home), "up.json"), text);
    expect(readRunning(home)).toBeUndefined();
  });
});

describe("the control socket", () => {
  test("is in the home, and a stale one is removed", () => {
    const home = newHome();
    claimRunning(home)?.close();
    const path = prepareSocketPath(home, VAULT, USER);
    expect(dirname(path)).toBe(runDir(home));
    writeFileSync(path, "");
    expect(prepareSocketPath(home, VAULT, USER)).toBe(path);
    expect(existsSync(path)).toBeFalse();
  });

  test("of a home with a long path is short, in a private folder, and not that of a copy of the home", () => {
    const long = "a-long-name-of-a-folder-".repeat(5);
    const [one, other] = [newHome(long), newHome(long)];
    const paths = [one, other].map((home) => prepareSocketPath(home, VAULT, USER));
    expect(new Set(paths).size).toBe(2);
    for (const path of paths) {
      expect(Buffer.byteLength(path)).toBeLessThanOrEqual(103);
      expect(statSync(dirname(path)).mode & 0o777).toBe(0o700);
      const server = Bun.serve({ unix: path, fetch: () => new Response("there") });
      makeSocketPrivate(path);
      expect(lstatSync(path).mode & 0o777).toBe(0o600);
      void server.stop(true);
    }
  });

  test("never goes where a link in the shared folder leads", () => {
    const userId = 4_000_000 + process.pid;
    const link = join(tmpdir(), `ownkey-${userId}`);
    const elsewhere = newHome();
    symlinkSync(elsewhere, link);
    try {
      prepareSocketPath(newHome("a-long-name-of-a-folder-".repeat(5)), VAULT, userId);
      throw new Error("nothing was thrown");
    } catch (error) {
      expect((error as AppError).code).toBe("insecure_permissions");
    } finally {
      rmSync(link);
    }
    expect(readdirSync(elsewhere)).toEqual([]);
  });
});

describe("the client of the socket", () => {
  const serve = (answer: () => Response) => {
    const socket = join(newHome(), "s.sock");
    const server = Bun.serve({ unix: socket, fetch: answer });
    return { socket, stop: () => server.stop(true) };
  };

  test("knows whether somebody is there", async () => {
    const server = serve(() => new Response("ok"));
    expect(await createSocketClient(server.socket).answers()).toBeTrue();
    await server.stop();
    expect(await createSocketClient(server.socket).answers()).toBeFalse();
    writeFileSync(server.socket, "");
    expect(await createSocketClient(server.socket).answers()).toBeFalse();
  });

  test.each([
    [
      "an error document",
      () =>
        Response.json(
          { error: { code: "vault_locked", message: "locked", hint: "unlock", details: { keys: ["a"] } } },
          { status: 503 },
        ),
      { code: "vault_locked", hint: "unlock", details: { keys: ["a"] } },
    ],
    [
      "an unknown code",
      () => Response.json({ error: { code: "toString", message: "x" } }, { status: 500 }),
      { code: "internal", message: "x" },
    ],
    ["no JSON", () => new Response("<html>", { status: 502 }), { code: "internal" }],
    ["no JSON with a good status", () => new Response("<html>"), { code: "internal" }],
    ["null", () => Response.json(null, { status: 500 }), { code: "internal" }],
  ])("turns %s into an AppError", async (_name, answer, wanted) => {
    const server = serve(answer);
    const failure = await createSocketClient(server.socket)
      .call(anything, {})
      .catch((error: unknown) => error);
    expect(failure).toMatchObject({ name: "AppError", ...wanted });
    await server.stop();
  });

  test("says that nothing runs when nobody answers", async () => {
    const socket = join(newHome(), "absent.sock");
    const failure = await createSocketClient(socket)
      .call(anything, {})
      .catch((error: unknown) => error);
    expect(failure).toMatchObject({ code: "not_running", retryable: true });
  });

  test("refuses an answer that is not the operation's document", async () => {
    const server = serve(() => Response.json({ fine: "yes" }));
    const failure = await createSocketClient(server.socket)
      .call(anything, {})
      .catch((error: unknown) => error);
    expect(failure).toMatchObject({
      code: "conflict",
      message: "the running Ownkey is of another version",
      hint: expect.stringContaining("ownkey up --detach"),
    });
    await server.stop();
  });
});

describe("the short way to a token", () => {
  test("gives the token, or nothing when anything is odd", async () => {
    const home = newHome();
    expect(await fetchToken(home, "codex")).toBeUndefined();
    claimRunning(home)?.close();
    const socket = prepareSocketPath(home, VAULT, USER);
    writeRunning(runningAt(home, socket));
    expect(await fetchToken(home, "codex")).toBeUndefined();
    const asked: string[] = [];
    let answer = Response.json({ token: "the-token" });
    const server = Bun.serve({
      unix: socket,
      async fetch(request) {
        asked.push(`${basename(new URL(request.url).pathname)} ${await request.text()}`);
        return answer;
      },
    });
    expect(await fetchToken(home, "codex")).toBe("the-token");
    expect(asked).toEqual([`tokens.issue {"tool":"codex"}`]);
    for (answer of [
      Response.json({ error: { code: "vault_locked" } }, { status: 503 }),
      Response.json({ token: 1 }),
      Response.json(null),
      new Response("x"),
    ]) {
      expect(await fetchToken(home, "codex")).toBeUndefined();
    }
    await server.stop(true);
  });
});
