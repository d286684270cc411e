import { describe, expect, test } from "bun:test";
import { chmodSync, existsSync, mkdirSync, statSync, symlinkSync, utimesSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { machineOf, NOW_MS, resultOf, RUNNING, temporaryHome } from "./doctor.testing.ts";
import { certificateCheck } from "./machine/certificate-check.ts";
import { diskCheck } from "./machine/disk-check.ts";
import { keyVariableCheck } from "./machine/key-variable-check.ts";
import { keychainCheck } from "./machine/keychain-check.ts";
import { leftOverCheck } from "./machine/left-over-check.ts";
import { permissionCheck } from "./machine/permission-check.ts";
import { programChecks } from "./machine/program-checks.ts";
import { proxyCheck } from "./machine/proxy-check.ts";
import { serviceCheck } from "./machine/service-check.ts";
import { settingsCheck } from "./machine/settings-check.ts";
import { toolChecks } from "./machine/tool-checks.ts";
import { machineChecks } from "./machine-checks.ts";
import { runCheck } from "./run-checks.ts";

describe("permissions", () => {
  test("a private home is fine, an open one is told of, and the fix takes rights away and no more", async () => {
    using folder = temporaryHome();
    const { home } = folder;
    const file = join(home, "control.db");
    writeFileSync(file, "", { mode: 0o600 });
    symlinkSync("/etc/passwd", join(home, "link"));
    const check = permissionCheck(machineOf({ home }));
    expect(await resultOf(check)).toMatchObject({ status: "ok" });

    chmodSync(home, 0o755);
    chmodSync(file, 0o664);
    expect(await resultOf(check)).toMatchObject({ status: "fail", what: expect.stringContaining("2 files") });
    const outcome = await runCheck(check, { fix: true });
    expect(outcome).toMatchObject({ status: "ok", fixed: expect.stringContaining("rights of others") });
    expect(statSync(home).mode & 0o777).toBe(0o700);
    expect(statSync(file).mode & 0o777).toBe(0o600);
    expect(statSync("/etc/passwd").mode & 0o044).toBe(0o044);
  });

  test("somebody else's files are told of and not touched", async () => {
    using folder = temporaryHome();
    const result = await resultOf(permissionCheck(machineOf({ home: folder.home, userId: 4711 })));
    expect(result).toMatchObject({ status: "fail", next: expect.stringContaining("chown") });
    expect(result.fix).toBeUndefined();
  });

  test("no home and Windows are skipped", async () => {
    expect(await resultOf(permissionCheck(machineOf()))).toMatchObject({ status: "skip" });
    expect(await resultOf(permissionCheck(machineOf({ platform: "win32" })))).toMatchObject({
      status: "skip",
    });
  });
});

describe("left-over files", () => {
  const name = `.config.jsonc.${"01234567-89ab-cdef-0123-456789abcdef"}.tmp`;

  test("old temporary files and the address of a killed program go; new ones and others stay", async () => {
    using folder = temporaryHome();
    const { home } = folder;
    mkdirSync(join(home, "run"));
    const paths = ["run/up.json", "run/x.sock", "run/up.lock", name, "control.db"].map((one) =>
      join(home, one),
    );
    for (const path of paths) writeFileSync(path, "");
    const old = new Date(NOW_MS - 7_200_000);
    utimesSync(join(home, name), old, old);
    const young = join(home, name.replace("config", "epoch"));
    writeFileSync(young, "");
    utimesSync(young, new Date(NOW_MS), new Date(NOW_MS));

    const running = leftOverCheck(machineOf({ home, program: RUNNING }));
    expect(await resultOf(running)).toMatchObject({
      status: "warn",
      what: expect.stringContaining("1 files"),
    });
    const outcome = await runCheck(leftOverCheck(machineOf({ home })), { fix: true });
    expect(outcome).toMatchObject({ status: "ok", fixed: expect.any(String) });
    expect(paths.map((path) => existsSync(path))).toEqual([false, false, true, false, true]);
    expect(existsSync(young)).toBe(true);
  });

  test("no home is skipped", async () => {
    expect(await resultOf(leftOverCheck(machineOf()))).toMatchObject({ status: "skip" });
  });
});

test.each([
  [1e12, "ok"],
  [5e8, "warn"],
  [1e6, "fail"],
  [undefined, "skip"],
] as const)("with %p bytes free the disk is %s", async (free, status) => {
  expect(await resultOf(diskCheck(machineOf({ freeBytes: () => free })))).toMatchObject({ status });
});

test("wrong settings are named", async () => {
  expect(await resultOf(settingsCheck(machineOf()))).toMatchObject({ status: "ok" });
  const wrong = await resultOf(settingsCheck(machineOf({ settingProblems: ['"port" is no number'] })));
  expect(wrong).toMatchObject({
    status: "fail",
    checklist: [{ text: '"port" is no number', state: "cause" }],
  });
});

test("a keychain that answers is fine, and none is no failure", async () => {
  const keychain = { get: () => Promise.resolve(undefined), set: async () => {}, delete: async () => {} };
  expect(await resultOf(keychainCheck(machineOf({ keychain })))).toMatchObject({ status: "ok" });
  const broken = { ...keychain, get: () => Promise.reject(new Error("no session")) };
  expect(await resultOf(keychainCheck(machineOf({ keychain: broken })))).toMatchObject({ status: "skip" });
  expect(await resultOf(keychainCheck(machineOf()))).toMatchObject({ status: "skip" });
});

test.each([
  [{}, "ok"],
  [{ HTTPS_PROXY: "http://p", NO_PROXY: "localhost, 127.0.0.1" }, "ok"],
  [{ http_proxy: "http://p", no_proxy: "*" }, "ok"],
  [{ HTTP_PROXY: "http://p" }, "warn"],
  [{ NODE_TLS_REJECT_UNAUTHORIZED: "0" }, "fail"],
  [{ SSL_CERT_FILE: "/nowhere/ca.pem" }, "fail"],
] as const)("network variables %p are %s", async (environment, status) => {
  const result = await resultOf(proxyCheck(machineOf({ environment })));
  expect(result).toMatchObject({ status });
  expect(JSON.stringify(result)).not.toContain("http://p");
});

test("keys in variables are told by name only; virtual keys and references are none", async () => {
  const environment = {
    OPENAI_API_KEY: "secret-value",
    GEMINI_API_KEY: "sk-ownkey-x",
    GROQ_API_KEY: "ownkey://a/b",
  };
  const result = await resultOf(keyVariableCheck(machineOf({ environment })));
  expect(result).toMatchObject({ status: "warn", what: expect.stringContaining("OPENAI_API_KEY") });
  expect(JSON.stringify(result)).not.toMatch(/secret-value|GEMINI|GROQ/);
  expect(await resultOf(keyVariableCheck(machineOf()))).toMatchObject({ status: "ok" });
});

describe("the running program", () => {
  const results = async (changes: Parameters<typeof machineOf>[0]) => {
    const checks = programChecks(machineOf(changes));
    const found = await Promise.all(checks.map(async (check) => [check.id, await resultOf(check)] as const));
    return Object.fromEntries(found);
  };

  test("that runs and serves is fine", async () => {
    const found = await results({ program: RUNNING });
    expect(Object.values(found).map(({ status }) => status)).toEqual(["ok", "ok", "ok"]);
  });

  test("that does not run is a warning, unless somebody else has its ports", async () => {
    const setting = (name: string) => (name === "port" ? 7788 : 7789);
    const found = await results({ setting });
    expect(Object.values(found).map(({ status }) => status)).toEqual(["warn", "ok", "skip"]);
    const taken = await results({
      setting,
      listens: (_host, port) => Promise.resolve(port === 7788),
      holder: (_host, port) => Promise.resolve(`another Ownkey at ${port}`),
    });
    expect(taken["program.ports"]).toMatchObject({
      status: "fail",
      what: "another Ownkey at 7788 listens on 7788",
    });
  });

  test("that is stuck, of another version, locked or cut off is told apart", async () => {
    const stuck = await results({ program: { ...RUNNING, answers: false } });
    expect(stuck["program.running"]).toMatchObject({ status: "fail" });
    const older = await results({ program: { ...RUNNING, told: { ...RUNNING.told, version: "0.9.0" } } });
    expect(older["program.running"]).toMatchObject({
      status: "warn",
      what: expect.stringContaining("0.9.0"),
    });
    const locked = await results({
      program: RUNNING,
      fetch: () => Promise.resolve({ status: 503, body: '{"reason":"vault_locked"}' }),
    });
    expect(locked["program.gateway"]).toMatchObject({ status: "fail", next: "ownkey unlock" });
    const cut = await results({ program: RUNNING, fetch: () => Promise.reject(new Error("cut")) });
    expect(cut["program.gateway"]).toMatchObject({ status: "fail" });
  });
});

test("a certificate is skipped, unreadable, or without its key", async () => {
  expect(await resultOf(certificateCheck(machineOf()))).toMatchObject({ status: "skip" });
  const noKey = machineOf({ setting: (name) => (name === "tlsCert" ? "/nowhere/c.pem" : null) });
  expect(await resultOf(certificateCheck(noKey))).toMatchObject({ status: "fail" });
  const unreadable = machineOf({ setting: () => "/nowhere/c.pem" });
  expect(await resultOf(certificateCheck(unreadable))).toMatchObject({
    status: "fail",
    what: expect.stringContaining("/nowhere"),
  });
});

test("a service is skipped where it is not set up, and where there is none", async () => {
  using folder = temporaryHome();
  const here = machineOf({ userHome: folder.home });
  expect(await resultOf(serviceCheck(here))).toMatchObject({ status: "skip" });
  expect(await resultOf(serviceCheck({ ...here, platform: "win32" }))).toMatchObject({ status: "skip" });
  expect(await resultOf(serviceCheck({ ...here, platform: "sunos" }))).toMatchObject({ status: "skip" });
});

describe("a tool", () => {
  const GATEWAY = "http://127.0.0.1:7788/t/claude-code";
  const of = async (settings: object | string | undefined, changes: Parameters<typeof machineOf>[0] = {}) => {
    using folder = temporaryHome();
    const { home: userHome } = folder;
    mkdirSync(join(userHome, ".claude"));
    const text = typeof settings === "string" ? settings : JSON.stringify(settings ?? {});
    writeFileSync(join(userHome, ".claude/settings.json"), text);
    const [check] = toolChecks(machineOf({ userHome, program: RUNNING, ...changes }));
    if (!check) throw new Error("the tool was not found");
    return await resultOf(check);
  };
  const env = (more: object) => ({ env: { ANTHROPIC_BASE_URL: GATEWAY, ...more } });
  const virtualKey = { ANTHROPIC_API_KEY: `sk-ownkey-${"a".repeat(30)}` };
  const answers = (status: number) => ({ fetch: () => Promise.resolve({ status, body: "" }) });

  test("that goes through Ownkey with what is accepted is fine", async () => {
    const command = { ...env({}), apiKeyHelper: "/x/ownkey token claude-code" };
    expect(await of(command)).toMatchObject({ status: "ok" });
    expect(await of(env(virtualKey), answers(200))).toMatchObject({ status: "ok" });
  });

  test("whose virtual key is refused, or may not go there, is told", async () => {
    expect(await of(env(virtualKey), answers(401))).toMatchObject({ status: "fail" });
    expect(await of(env(virtualKey), answers(400))).toMatchObject({ status: "warn" });
  });

  test("that reaches Ownkey with a foreign key, or sends Ownkey's elsewhere, fails", async () => {
    expect(await of(env({ ANTHROPIC_API_KEY: "foreign-key" }))).toMatchObject({ status: "fail" });
    const elsewhere = { env: { ...virtualKey, ANTHROPIC_BASE_URL: "http://127.0.0.1:7999" } };
    expect(await of(elsewhere)).toMatchObject({ status: "fail", why: expect.stringContaining("7788") });
  });

  test("that goes past Ownkey warns, one without a key is skipped, a broken file fails", async () => {
    expect(await of({ env: { ANTHROPIC_API_KEY: "foreign-key" } })).toMatchObject({ status: "warn" });
    expect(await of({})).toMatchObject({ status: "skip" });
    expect(await of("{ broken")).toMatchObject({ status: "fail" });
  });

  test("that is set up for an Ownkey that does not run fails", async () => {
    const setting = (name: string) => (name === "port" ? 7788 : null);
    const program = { told: undefined, placeTaken: false, answers: false };
    expect(await of(env(virtualKey), { program, setting })).toMatchObject({
      status: "fail",
      next: "ownkey up --detach",
    });
  });

  test("that nobody has is not looked at", () => {
    using folder = temporaryHome();
    expect(toolChecks(machineOf({ userHome: folder.home }))).toEqual([]);
  });
});

test("every check has a name of its own, in the form group.what", () => {
  const checks = machineChecks(machineOf());
  expect(new Set(checks.map(({ id }) => id)).size).toBe(checks.length);
  for (const { id, group } of checks) expect(id).toMatch(new RegExp(`^${group}\\.[a-z-]+$`));
});
