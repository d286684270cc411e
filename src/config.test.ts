import { afterAll, beforeEach, describe, expect, test } from "bun:test";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { homedir, tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { readConfig, readSoundConfig, userName } from "./config.ts";
import { homeOf } from "./home.ts";
import type { AppError } from "./kernel/index.ts";
import { settingsView } from "./settings-view.ts";

const home = mkdtempSync(join(tmpdir(), "ownkey-config-"));
const path = join(home, "config.jsonc");
beforeEach(() => rmSync(path, { force: true }));
afterAll(() => rmSync(home, { recursive: true, force: true }));

const environment = (more: Record<string, string> = {}) => ({ OWNKEY_HOME: home, HOME: home, ...more });
const write = (document: object) => writeFileSync(path, JSON.stringify(document), { mode: 0o600 });

function problemOf(more: Record<string, string> = {}): AppError {
  try {
    readConfig({ environment: environment(more) });
  } catch (error) {
    return error as AppError;
  }
  throw new Error("nothing was thrown");
}

describe("the value in force is the first of command line, environment, file, default", () => {
  test("each in turn, with its source", () => {
    const portOf = (options: Parameters<typeof readConfig>[0]) => {
      const { port, sources } = readConfig(options);
      return [port, sources.port] as const;
    };
    expect(portOf({ environment: environment() })).toEqual([7788, "default"]);
    write({ port: 1 });
    expect(portOf({ environment: environment() })).toEqual([1, "file"]);
    expect(portOf({ environment: environment({ OWNKEY_PORT: "2" }) })).toEqual([2, "environment"]);
    expect(portOf({ environment: environment({ OWNKEY_PORT: "2" }), flags: { port: 3 } })).toEqual([
      3,
      "command line",
    ]);
    expect(portOf({ environment: environment({ OWNKEY_PORT: "" }) })).toEqual([1, "file"]);
  });

  test("any free port for the one is any free port for both, unless the other is named", () => {
    expect(readConfig({ environment: environment() }).uiPort).toBe(7789);
    expect(readConfig({ environment: environment({ OWNKEY_PORT: "0" }) }).uiPort).toBe(0);
    expect(readConfig({ environment: environment(), flags: { port: 0 } }).uiPort).toBe(0);
    expect(readConfig({ environment: environment(), flags: { port: 0, uiPort: 7789 } }).uiPort).toBe(7789);
    write({ uiPort: 9001 });
    expect(readConfig({ environment: environment({ OWNKEY_PORT: "0" }) }).uiPort).toBe(9001);
  });

  test("null in the file is the default", () => {
    write({ port: null });
    expect(readConfig({ environment: environment() }).sources.port).toBe("default");
  });
});

describe("an error names the place that is to be corrected", () => {
  test("the variable", () => {
    expect(problemOf({ OWNKEY_PORT: "many" }).message).toContain("OWNKEY_PORT");
  });

  test("the file", () => {
    write({ port: "many" });
    expect(problemOf().message).toContain(path);
  });

  test("the file, for a name that is no setting, with the command that takes it out", () => {
    write({ prot: 1 });
    const { code, message, hint } = problemOf();
    expect(code).toBe("invalid_input");
    expect(message).toContain(path);
    expect(hint).toContain("ownkey config set prot");
  });

  test("the file, for what may hold a password; the value is not told", () => {
    write({ databaseUrl: "postgres://u:hidden@h/d" });
    const problem = problemOf();
    expect(problem.message + problem.hint).not.toContain("hidden");
    expect(problem.hint).toContain("OWNKEY_DATABASE_URL");
  });
});

test("what is sound is read past any number of problems, so that they can be mended", () => {
  write({ port: "many", prot: 1, drainSeconds: 5 });
  const config = readSoundConfig({ environment: environment({ OWNKEY_LOG: "loud" }) });
  expect(config).toMatchObject({ port: 7788, drainSeconds: 5, log: "info" });
  expect(config.problems.map(({ code }) => code)).toEqual(Array(3).fill("invalid_input"));
  writeFileSync(path, "{", { mode: 0o600 });
  expect(readSoundConfig({ environment: environment() }).problems).toHaveLength(1);
});

describe("settings as shown", () => {
  test("one that may hold a password is shown as [secret]", () => {
    const view = settingsView(
      readConfig({ environment: environment({ OWNKEY_DATABASE_URL: "postgres://u:hidden@h/d" }) }),
    );
    expect(JSON.stringify(view.list())).not.toContain("hidden");
    expect(view.list().find(({ name }) => name === "databaseUrl")).toMatchObject({
      value: "[secret]",
      source: "environment",
    });
  });

  test("setting one shows what is in force from the next start", () => {
    const view = settingsView(readConfig({ environment: environment({ OWNKEY_HOST: "::1" }) }));
    expect(view.set("port", "8899")).toMatchObject({ value: 8899, source: "file" });
    expect(view.set("port", undefined)).toMatchObject({ value: 7788, source: "default" });
    expect(view.set("host", "127.0.0.2")).toMatchObject({ value: "::1", source: "environment" });
    expect(readConfig({ environment: environment() }).host).toBe("127.0.0.2");
  });
});

describe("the value from the next start on", () => {
  const next = (more: Record<string, string> = {}) => {
    write({ port: 1 });
    const view = settingsView(readConfig({ environment: environment(more) }));
    write({ port: 2, drainSeconds: 5 });
    return view;
  };

  test("is the file's as it is now, or the default", () => {
    const view = next();
    expect([view.fromNextStart("port"), view.fromNextStart("drainSeconds")]).toEqual([2, 5]);
    write({});
    expect(view.fromNextStart("port")).toBe(7788);
  });

  test("is the one in force where the environment wins", () => {
    expect(next({ OWNKEY_PORT: "3" }).fromNextStart("port")).toBe(3);
  });

  test("is not told from a file that the next start would refuse", () => {
    const view = next();
    write({ port: "many" });
    expect(view.fromNextStart("port")).toBeUndefined();
    writeFileSync(path, "{", { mode: 0o600 });
    expect(view.fromNextStart("drainSeconds")).toBeUndefined();
  });
});

test("the home is absolute: OWNKEY_HOME, else .ownkey of the user's folder", () => {
  expect(homeOf({ OWNKEY_HOME: "relative" })).toBe(resolve("relative"));
  expect(homeOf({ HOME: "/home/x" })).toBe("/home/x/.ownkey");
  expect(homeOf({ OWNKEY_HOME: "", HOME: "/home/x" })).toBe("/home/x/.ownkey");
  expect(homeOf({})).toBe(join(homedir(), ".ownkey"));
});

test("the user has a name, also where the environment has none", () => {
  expect(userName({ USER: "ada" })).toBe("ada");
  expect(userName({ LOGNAME: "ada" })).toBe("ada");
  expect(userName({ USER: "" })).toMatch(/^uid-\d+$/);
});
