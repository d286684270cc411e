/** The small pieces of the running program, each by itself. */
import { describe, expect, test } from "bun:test";
import { EventEmitter } from "node:events";
import {
  chmodSync,
  existsSync,
  mkdirSync,
  readFileSync,
  statSync,
  truncateSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import type { App } from "../app.ts";
import type { Config } from "../config.ts";
import type { Running } from "../control/index.ts";
import { AppError, type Secret } from "../kernel/index.ts";
import { announce, tellStatement } from "./announce.ts";
import { greeting } from "./greeting.ts";
import { openLogFile } from "./log-file.ts";
import { unlockFromFile } from "./passphrase-file.ts";
import { recordingContext, testFolder } from "./program.testing.ts";
import { assertSafeAddress } from "./safe-address.ts";
import { listenForStop } from "./stop-signal.ts";

const FLAGS = { json: false, detach: false };
const CALLER = { kind: "cli", user: "ada" } as const;

describe("the ready line", () => {
  const running: Running = {
    pid: 7,
    version: "1.0.0",
    home: "/h",
    url: "http://127.0.0.1:7788",
    ui: "http://127.0.0.1:7789",
    socket: "/h/s.sock",
    startedAt: "2026-11-23T00:00:00.000Z",
    startMs: 120,
  };

  test("for programs is one line of the contract's fields; the statement goes elsewhere", () => {
    const { context, printed } = recordingContext();
    const flags = { ...FLAGS, json: true };
    announce(context, flags, running);
    tellStatement(context, flags, "what protects it");
    expect(printed.stdout).toEndWith("}\n");
    expect(JSON.parse(printed.stdout)).toEqual({
      event: "ready",
      url: "http://127.0.0.1:7788",
      ui: "http://127.0.0.1:7789",
      pid: 7,
      home: "/h",
      startMs: 120,
    });
    expect(printed.stderr).toContain("what protects it");
  });

  test("for people has the URL, and the statement follows it", () => {
    const { context, printed } = recordingContext();
    announce(context, FLAGS, running);
    tellStatement(context, FLAGS, "what protects it");
    expect(printed.stdout).toStartWith("Ownkey 1.0.0 is ready: http://127.0.0.1:7788");
    expect(printed.stdout).toEndWith("what protects it\n");
    expect(printed.stderr).toBe("");
  });
});

describe("an address beyond loopback", () => {
  const config = { host: "127.0.0.1", tlsCert: null, tlsKey: null, insecureHttp: false };

  test.each(["127.0.0.1", "127.1.2.3", "localhost", "::1"])("%s is none", (host) => {
    assertSafeAddress({ ...config, host });
  });

  test.each(["0.0.0.0", "::", "192.168.1.2", "127.example", "localhost.example", "1270.0.0.1"])(
    "%s needs TLS or a word",
    (host) => {
      expect(() => assertSafeAddress({ ...config, host })).toThrow(AppError);
      assertSafeAddress({ ...config, host, insecureHttp: true });
      assertSafeAddress({ ...config, host, tlsCert: "c", tlsKey: "k" });
    },
  );

  test("a certificate without its key, or the other way round, is no TLS", () => {
    expect(() => assertSafeAddress({ ...config, tlsCert: "c" })).toThrow(AppError);
    expect(() => assertSafeAddress({ ...config, tlsKey: "k" })).toThrow(AppError);
  });
});

describe("the greeting", () => {
  function greet(environment: Record<string, string>, model?: string) {
    const connections = model === undefined ? [] : [{ settings: { model } }];
    const control = { vault: { locked: false }, connections: { list: () => Promise.resolve(connections) } };
    const { context } = recordingContext(environment);
    const config = { userHome: "/nowhere", platform: "linux" } as Config;
    return greeting({ app: { control } as unknown as App, config, context, url: "http://127.0.0.1:7788" });
  }

  test("names variables that hold keys, and shows nothing of what they hold", async () => {
    const value = `sk-proj-${"aB3d".repeat(12)}`;
    const text = await greet({ OPENAI_API_KEY: value, AZURE_OPENAI_API_KEY: value });
    expect(text).toMatch(/OPENAI_API_KEY is set: \S*ownkey keys add openai --from-env OPENAI_API_KEY/);
    expect(text).toContain("ownkey keys add azure --base-url URL --from-env AZURE_OPENAI_API_KEY");
    expect(text).not.toContain("aB3d");
  });

  test("without any says how a key is added; it ends with a request to copy", async () => {
    const text = await greet({});
    expect(text).toContain("ownkey keys add openai");
    expect(text).toContain("curl http://127.0.0.1:7788/v1/chat/completions");
  });

  test("puts a model's name into the request only if a shell takes it as it is", async () => {
    expect(await greet({}, "openai/gpt-5:free")).toContain(`"model":"openai/gpt-5:free"`);
    expect(await greet({}, "x'; rm -rf ~; '")).not.toContain("rm -rf");
  });
});

describe("the log file", () => {
  test("is private, appended to, and set aside once it is large", () => {
    using folder = testFolder();
    const first = openLogFile(folder.path);
    first.write("one\n");
    first.close();
    const path = join(folder.path, "log/ownkey.log");
    expect(statSync(path).mode & 0o777).toBe(0o600);
    truncateSync(path, 10 * 1024 * 1024 + 1);
    const second = openLogFile(folder.path);
    second.write("two\n");
    second.write("three\n");
    second.close();
    expect(readFileSync(path, "utf8")).toBe("two\nthree\n");
    expect(readFileSync(`${path}.1`, "utf8")).toStartWith("one\n");
  });

  test("that cannot be set aside is written on, and to no other file", () => {
    using folder = testFolder();
    mkdirSync(join(folder.path, "log"), { mode: 0o700 });
    const path = join(folder.path, "log/ownkey.log");
    writeFileSync(path, "", { mode: 0o600 });
    truncateSync(path, 10 * 1024 * 1024 + 1);
    mkdirSync(`${path}.1/full`, { recursive: true });
    const log = openLogFile(folder.path);
    log.write("first\n");
    const other = join(folder.path, "other");
    writeFileSync(other, "");
    log.write("second\n");
    log.close();
    expect(readFileSync(other, "utf8")).toBe("");
    expect(existsSync(path)).toBeTrue();
  });
});

describe("the passphrase file", () => {
  function vaultThat(locked: boolean) {
    const given: string[] = [];
    const unlock = (_caller: unknown, { passphrase }: { passphrase: Secret }) => {
      given.push(passphrase.reveal());
      return Promise.resolve();
    };
    return { app: { control: { vault: { locked, unlock } } } as unknown as App, given };
  }

  const configured = (passphraseFile: string | null) => ({ passphraseFile }) as Config;

  test.each([
    ["words\n", "words"],
    ["words\r\n", "words"],
    ["words", "words"],
    [" two lines\nof words \n\n", " two lines\nof words \n"],
  ])("%p gives %p: only the last line's end goes", async (content, passphrase) => {
    using folder = testFolder();
    const path = join(folder.path, "p");
    writeFileSync(path, content, { mode: 0o600 });
    const { app, given } = vaultThat(true);
    expect(await unlockFromFile(app, configured(path), CALLER)).toBeTrue();
    expect(given).toEqual([passphrase]);
  });

  test("is not read when nothing is locked, and is not needed", async () => {
    expect(await unlockFromFile(vaultThat(false).app, configured("/nowhere"), CALLER)).toBeTrue();
    expect(await unlockFromFile(vaultThat(true).app, configured(null), CALLER)).toBeFalse();
  });

  test("that others can read, or that is not there, is refused", async () => {
    using folder = testFolder();
    const path = join(folder.path, "p");
    await expect(unlockFromFile(vaultThat(true).app, configured(path), CALLER)).rejects.toMatchObject({
      code: "not_found",
    });
    writeFileSync(path, "words");
    chmodSync(path, 0o644);
    const { app, given } = vaultThat(true);
    await expect(unlockFromFile(app, configured(path), CALLER)).rejects.toMatchObject({
      code: "insecure_permissions",
    });
    expect(given).toEqual([]);
  });
});

test("a stop is asked for by a signal or a call, and nobody listens after close", async () => {
  // Not the process itself: other listeners of the test run would hear it too.
  const source = new EventEmitter();
  const signalled = listenForStop(source);
  expect(signalled.wasAsked()).toBeFalse();
  source.emit("SIGHUP");
  await signalled.asked;
  expect(signalled.wasAsked()).toBeTrue();
  signalled.close();
  const told = listenForStop(source);
  told.stop();
  await told.asked;
  told.close();
  expect(source.listenerCount("SIGHUP")).toBe(0);
});
