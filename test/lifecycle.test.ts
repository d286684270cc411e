/** Starting and stopping, also when both go wrong: one program per home, nothing left behind, no wait without end. */
import { afterEach, describe, expect, test } from "bun:test";
import { chmodSync, existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createServer, type Server } from "node:net";
import { join } from "node:path";
import { OwnkeyHome, type Ready, until } from "./support/ownkey.ts";
import { ownkeyCommand } from "./support/program.ts";

const homes: OwnkeyHome[] = [];
const servers: Server[] = [];

afterEach(async () => {
  for (const server of servers.splice(0)) server.close();
  for (const home of homes.splice(0)) {
    // What was started in the background is nobody's child.
    if (existsSync(join(home.home, "run/up.json"))) await home.run(["down"]);
    await home.remove();
  }
});

function newHome(environment: Record<string, string> = {}): OwnkeyHome {
  const home = new OwnkeyHome(environment);
  homes.push(home);
  return home;
}

async function takenPort(): Promise<string> {
  const server = createServer();
  servers.push(server);
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const address = server.address();
  if (address === null || typeof address === "string") throw new Error("no port");
  return String(address.port);
}

/** What tells of a running program. */
function leftBehind(home: OwnkeyHome): string[] {
  return readdirSync(join(home.home, "run")).filter((name) => name !== "up.lock");
}

async function readyLine(home: OwnkeyHome, ...args: string[]): Promise<Ready> {
  const { code, stdout } = await home.run(["up", "--port", "0", "--json", ...args]);
  expect(code).toBe(0);
  expect(stdout.split("\n")).toHaveLength(2);
  return JSON.parse(stdout) as Ready;
}

describe("one program per home", () => {
  test("of several started at once on a new home one runs, and all others tell where", async () => {
    const home = newHome();
    const lines = await Promise.all(Array.from({ length: 3 }, () => readyLine(home, "--detach")));
    expect(new Set(lines.map(({ pid, url }) => `${pid} ${url}`)).size).toBe(1);
    expect(await home.json(["status"])).toMatchObject({ running: true, url: lines[0]?.url });
  }, 30_000);

  test("in the background the log goes where it is kept short, and nowhere else", async () => {
    const home = newHome();
    await readyLine(home, "--detach");
    const logged = (name: string) => readFileSync(join(home.home, "log", name), "utf8");
    await until(() => logged("ownkey.log").includes('"up.ready"'), "it is ready");
    expect((await home.run(["down"])).code).toBe(0);
    expect(logged("ownkey.log")).toContain('"up.stopping"');
    expect(logged("start.log")).not.toContain('"level"');
  }, 30_000);

  test("another `up`, whatever it is told, prints the very line of the running one and ends well", async () => {
    const home = newHome();
    const { ready } = await home.up();
    for (const args of [[], ["--detach"], ["--port", "1"]])
      expect(await readyLine(home, ...args)).toEqual(ready);
  });

  test("what a killed program left is not taken for a running one", async () => {
    const home = newHome();
    const first = await home.up();
    first.kill("SIGKILL");
    await first.exited;
    expect(leftBehind(home)).toContain("up.json");
    expect(await home.json(["status"])).toMatchObject({ running: false, url: null });
    const second = await home.up();
    expect(second.ready.pid).not.toBe(first.ready.pid);
    second.kill("SIGTERM");
    expect(await second.exited).toBe(0);
    expect(leftBehind(home)).toEqual([]);
  });

  test("a home with a long path, and a copy of its name beside it, have sockets of their own", async () => {
    const long = "a-long-name-of-a-folder-".repeat(5);
    const home = newHome();
    const env = { OWNKEY_HOME: join(home.folder, long, "home") };
    const up = await home.up([], env);
    expect(await home.json(["status"], { env })).toMatchObject({ running: true, pid: up.ready.pid });
    expect((await home.run(["down"], { env })).code).toBe(0);
    expect(await up.exited).toBe(0);
  });
});

describe("a start that fails", () => {
  test.each([
    ["the port of the data plane", (port: string) => ["--port", port, "--ui-port", "0"]],
    ["the control port", (port: string) => ["--port", "0", "--ui-port", port]],
  ])("because %s is taken: exit 1, and all that was opened is closed", async (_name, flags) => {
    const home = newHome();
    const port = await takenPort();
    const { code, stdout, stderr } = await home.run(["up", ...flags(port)]);
    expect({ code, stdout }).toEqual({ code: 1, stdout: "" });
    expect(stderr).toContain(port);
    expect(leftBehind(home)).toEqual([]);
    // The next one is not in the way of the first.
    const up = await home.up();
    up.kill("SIGTERM");
    expect(await up.exited).toBe(0);
  });

  test("in the background: the reason is told, and the exit code is that of a failure", async () => {
    const home = newHome();
    const port = await takenPort();
    const args = ["up", "--detach", "--port", port, "--ui-port", "0"];
    const { code, stdout, stderr } = await home.run(args);
    expect({ code, stdout }).toEqual({ code: 1, stdout: "" });
    expect(stderr).toContain(port);
    const asDocument = await home.run([...args, "--json"]);
    expect(JSON.parse(asDocument.stderr)).toMatchObject({
      error: {
        code: "address_in_use",
        hint: expect.stringContaining("--port"),
        details: { port: Number(port) },
      },
    });
  });

  test("because a certificate cannot be read or has no key", async () => {
    const home = newHome();
    const missing = ["--tls-cert", "no.pem", "--tls-key", "no.pem"];
    expect((await home.run(["up", "--port", "0", ...missing])).code).toBe(3);
    expect((await home.run(["up", "--port", "0", "--tls-cert", "no.pem"])).code).toBe(2);
    expect(leftBehind(home)).toEqual([]);
  });

  test("because virtual keys would travel in the clear", async () => {
    const { code, stderr } = await newHome().run(["up", "--host", "0.0.0.0", "--port", "0"]);
    expect(code).toBe(2);
    expect(stderr).toContain("--insecure-http");
  });
});

describe("stopping", () => {
  test.each(["SIGTERM", "SIGINT", "SIGHUP"] as const)(
    "%s while it starts: it ends well, and nothing is left",
    async (signal) => {
      for (const begun of ["log/ownkey.log", "control.db", "ledger"]) {
        const home = newHome();
        const [command = "", ...args] = await ownkeyCommand();
        const env = { PATH: process.env["PATH"] ?? "", HOME: home.folder, OWNKEY_HOME: home.home };
        const child = Bun.spawn([command, ...args, "up", "--port", "0", "--json"], {
          env,
          stdout: "pipe",
          stderr: "ignore",
        });
        // The lock is held and signals are heard from the log file on.
        await until(() => existsSync(join(home.home, begun)), begun);
        child.kill(signal);
        expect(await child.exited).toBe(0);
        expect(leftBehind(home)).toEqual([]);
      }
    },
  );

  test("down returns once the program is gone: the next one starts at once", async () => {
    const home = newHome();
    for (let round = 0; round < 2; round++) {
      const up = await home.up();
      expect((await home.run(["down"])).stdout).toBe("stopped\n");
      expect(leftBehind(home)).toEqual([]);
      expect(await up.exited).toBe(0);
    }
    expect((await home.run(["down"])).stdout).toBe("nothing is running\n");
  });

  test("down on no home makes none", async () => {
    const home = newHome();
    expect(await home.json(["down"])).toEqual({ done: true });
    expect(existsSync(home.home)).toBeFalse();
  });
});

describe("a vault that needs a passphrase", () => {
  async function lockedHome(): Promise<OwnkeyHome> {
    const home = newHome();
    await home.json(["slots", "add", "passphrase", "--passphrase-stdin"], {
      stdin: "five random words are good\n",
    });
    const { items } = await home.json<{ items: { id: string; kind: string }[] }>(["slots", "list"]);
    for (const { id } of items.filter(({ kind }) => kind !== "passphrase"))
      await home.json(["slots", "remove", id]);
    return home;
  }

  function passphraseFile(home: OwnkeyHome, text: string, mode = 0o600): Record<string, string> {
    const path = join(home.folder, "passphrase");
    writeFileSync(path, text);
    chmodSync(path, mode);
    return { OWNKEY_PASSPHRASE_FILE: path };
  }

  test("commands end with 4 without it, and work with a private file that holds it", async () => {
    const home = await lockedHome();
    const locked = await home.run(["vk", "list"]);
    expect({ code: locked.code, stdout: locked.stdout }).toEqual({ code: 4, stdout: "" });
    expect(locked.stderr).toContain("OWNKEY_PASSPHRASE_FILE");
    expect(await home.json(["status"])).toMatchObject({ locked: true });
    const right = passphraseFile(home, "five random words are good\n");
    expect((await home.run(["vk", "list"], { env: right })).code).toBe(0);
    expect((await home.run(["vk", "list"], { env: passphraseFile(home, "wrong words") })).code).toBe(4);
    const open = passphraseFile(home, "five random words are good", 0o644);
    const { code, stderr } = await home.run(["vk", "list"], { env: open });
    expect({ code, mends: stderr.includes("chmod 600") }).toEqual({ code: 1, mends: true });
  }, 30_000);

  test("`token` starts the program, and ends with 4 as long as it is locked", async () => {
    const home = await lockedHome();
    const env = { OWNKEY_PORT: "0" };
    const locked = await home.run(["token", "codex"], { env });
    expect({ code: locked.code, stdout: locked.stdout }).toEqual({ code: 4, stdout: "" });
    expect(await home.json(["status"])).toMatchObject({ running: true, locked: true });
    await home.json(["unlock", "--passphrase-stdin"], { stdin: "five random words are good\n" });
    const { code, stdout } = await home.run(["token", "codex"], { env });
    expect(code).toBe(0);
    expect(stdout).toMatch(/^sk-ownkey-t-[\w.-]+\n$/);
  }, 30_000);
});

describe("`token` on a home where nothing runs", () => {
  test("several at once start one program, and each prints a token alone", async () => {
    const home = newHome({ OWNKEY_PORT: "0" });
    const results = await Promise.all(
      ["codex", "claude-code", "cursor"].map((tool) => home.run(["token", tool])),
    );
    for (const { code, stdout, stderr } of results) {
      expect({ code, stderr }).toEqual({ code: 0, stderr: "" });
      expect(stdout).toMatch(/^sk-ownkey-t-[\w.-]+\n$/);
    }
    expect(await home.json(["status"])).toMatchObject({ running: true, virtualKeys: 3 });
  }, 30_000);

  test("ends with 4 when nothing is there that opens the vault", async () => {
    const home = newHome({ OWNKEY_PORT: "0" });
    await home.virtualKey("any");
    for (const name of readdirSync(home.home).filter((name) => name.startsWith("unlock-")))
      rmSync(join(home.home, name));
    const { code, stdout, stderr } = await home.run(["token", "codex"]);
    expect({ code, stdout }).toEqual({ code: 4, stdout: "" });
    expect(stderr).toContain("put the key file");
  }, 30_000);

  test("ends with a failure, not a wait, when the program cannot start", async () => {
    const home = newHome({ OWNKEY_PORT: await takenPort() });
    mkdirSync(home.home, { mode: 0o700 });
    writeSettings(home, { uiPort: 0 });
    const { code, stdout } = await home.run(["token", "codex"]);
    expect({ code, stdout }).toEqual({ code: 1, stdout: "" });
  });
});

test("settings with mistakes can be looked at and mended by commands", async () => {
  const home = newHome();
  mkdirSync(home.home, { mode: 0o700 });
  writeSettings(home, { port: "many", prot: 1, log: "debug" });
  const refused = await home.run(["keys", "list"]);
  expect(refused.code).toBe(2);
  expect(refused.stderr).toContain("config.jsonc");
  const { items, problems } = await home.json<{
    items: { name: string; value: unknown; source: string }[];
    problems: string[];
  }>(["config", "list"]);
  expect(problems).toHaveLength(2);
  expect(items.find(({ name }) => name === "log")).toMatchObject({ value: "debug", source: "file" });
  expect(await home.json(["config", "get", "port"])).toMatchObject({ value: 7788, source: "default" });
  expect(await home.json(["config", "set", "port", "0"])).toMatchObject({ value: 0, source: "file" });
  await home.json(["config", "set", "prot"]);
  expect((await home.run(["keys", "list"])).code).toBe(0);
  expect(JSON.parse(readFileSync(join(home.home, "config.jsonc"), "utf8"))).toEqual({
    port: 0,
    log: "debug",
  });
});

function writeSettings(home: OwnkeyHome, settings: object): void {
  const path = join(home.home, "config.jsonc");
  writeFileSync(path, JSON.stringify(settings), { mode: 0o600 });
}
