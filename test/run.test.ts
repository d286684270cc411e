/** `ownkey run`: a program with credentials that end when it does, and nothing else that tells it was started by us. */
import { afterAll, beforeAll, expect, test } from "bun:test";
import { existsSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { ProviderDouble } from "./support/double.ts";
import { newKey } from "./support/keys.ts";
import { OwnkeyHome, type RunningUp, until } from "./support/ownkey.ts";
import { ownkeyCommand } from "./support/program.ts";

const key = newKey.openai();
let provider: ProviderDouble;
let home: OwnkeyHome;
let up: RunningUp;

beforeAll(async () => {
  provider = await ProviderDouble.start([key]);
  home = new OwnkeyHome();
  up = await home.up();
  await home.addKey("openai", key, "--base-url", provider.url, "--no-test");
}, 30_000);

afterAll(async () => {
  await home.remove();
  await provider.stop();
});

async function statusWith(token: string, url = up.ready.url): Promise<number> {
  const response = await fetch(`${url}/v1/models`, { headers: { authorization: `Bearer ${token}` } });
  await response.arrayBuffer();
  return response.status;
}

/** Starts `ownkey run` of a shell script that goes on; resolves with the token that it was given. */
async function startRun(script = 'echo "$OPENAI_API_KEY"; exec sleep 60', env: Record<string, string> = {}) {
  const child = Bun.spawn([...(await ownkeyCommand()), "run", "--", "sh", "-c", script], {
    env: { PATH: process.env["PATH"] ?? "", HOME: home.folder, OWNKEY_HOME: home.home, ...env },
    stdin: "ignore",
    stdout: "pipe",
    stderr: "pipe",
  });
  const { value } = await child.stdout.getReader().read();
  return { child, token: new TextDecoder().decode(value).trim() };
}

test("the program's token works while it runs and is refused with the next request after it", async () => {
  const { child, token } = await startRun();
  expect(await statusWith(token)).toBe(200);
  child.kill("SIGTERM");
  expect(await child.exited).toBe(143);
  expect(await statusWith(token)).toBe(401);
}, 20_000);

test("killed, it takes the token with it", async () => {
  const { child, token } = await startRun();
  expect(await statusWith(token)).toBe(200);
  child.kill("SIGKILL");
  await child.exited;
  await until(async () => ((await statusWith(token)) === 401 ? true : undefined), "the token is refused");
}, 20_000);

test("runs beside each other have tokens of their own", async () => {
  const [first, second] = await Promise.all([startRun(), startRun()]);
  expect(first.token).not.toBe(second.token);
  first.child.kill("SIGTERM");
  await first.child.exited;
  expect(await statusWith(first.token)).toBe(401);
  expect(await statusWith(second.token)).toBe(200);
  second.child.kill("SIGTERM");
  await second.child.exited;
}, 20_000);

test("exit codes, output, standard input and arguments are the program's own", async () => {
  const result = await home.run(["run", "--", "sh", "-c", 'cat; printf %s "$1" >&2; exit 3', "x", "--json"], {
    stdin: "from outside",
  });
  expect(result).toEqual({ code: 3, stdout: "from outside", stderr: "--json" });
  expect((await home.run(["run", "--", "no-such-program-here"])).code).toBe(127);
  expect((await home.run(["run", "--", home.folder])).code).toBe(126);
  const digest = "0123456789abcdef".repeat(2);
  expect((await home.run(["run", "--", "echo", digest])).stdout).toBe(`${digest}\n`);
}, 20_000);

test.each(["SIGINT", "SIGTERM", "SIGHUP", "SIGUSR1"] as const)(
  "%s reaches the program, which decides",
  async (signal) => {
    const script = `trap 'echo got; exit 9' ${signal.slice(3)}; echo "$OPENAI_API_KEY"; while :; do sleep 0.05; done`;
    const { child } = await startRun(script);
    child.kill(signal);
    expect(await child.exited).toBe(9);
  },
  20_000,
);

test("a program that is ended by a signal gives 128 and its number", async () => {
  expect((await home.run(["run", "--", "sh", "-c", "kill -USR2 $$"])).code).toBe(140);
  expect((await home.run(["run", "--", "sh", "-c", "kill -KILL $$"])).code).toBe(137);
}, 20_000);

test("SDK variables point at the gateway; keys of one's own are replaced, variables of other SDKs stay", async () => {
  const env = {
    OPENAI_API_KEY: "mine",
    ANTHROPIC_API_KEY: "stays",
    OPENAI_ORG_ID: "org-mine",
    HTTP_PROXY: "http://p",
  };
  const { stdout } = await home.run(["run", "--", "env"], { env });
  const given = Object.fromEntries(stdout.split("\n").map((line) => line.split(/=(.*)/s, 2)));
  expect(given).toMatchObject({
    OPENAI_BASE_URL: `${up.ready.url}/v1`,
    OPENAI_API_BASE: `${up.ready.url}/v1`,
    ANTHROPIC_API_KEY: "stays",
    NO_PROXY: "127.0.0.1,localhost",
  });
  expect(given["OPENAI_API_KEY"]).toStartWith("sk-ownkey-t-");
  expect(given["OPENAI_ORG_ID"]).toBeUndefined();
}, 20_000);

test("references in an env file become credentials, and their addresses", async () => {
  const file = join(home.folder, ".env");
  writeFileSync(file, 'MINE="ownkey://openai/main"\nWHERE=ownkey://openai/main?base-url\nPLAIN=1 # one\n');
  const script = 'echo "$MINE|$WHERE|$PLAIN|${OPENAI_API_KEY-none}"';
  const args = ["run", "--env-file", file, "--only-references", "--", "sh", "-c", script];
  const [token, where, plain, other] = (await home.run(args)).stdout.trim().split("|");
  expect(token).toStartWith("sk-ownkey-t-");
  expect([where, plain, other]).toEqual([`${up.ready.url}/c/openai/v1`, "1", "none"]);
}, 20_000);

test("what cannot be given is said, and nothing is started", async () => {
  const mark = join(home.folder, "started");
  const cases: [string[], Record<string, string>, number][] = [
    [["--env-file", join(home.folder, "missing")], {}, 3],
    [["--vk", "nobody"], {}, 3],
    [["--connection", "nowhere"], {}, 3],
    [[], { X: "ownkey://openai/none" }, 3],
    [[], { X: "ownkey://not a reference" }, 2],
    [["--real"], { X: "ownkey://openai/main" }, 5],
    [["--unknown"], {}, 2],
  ];
  for (const [options, env, code] of cases) {
    const result = await home.run(["run", ...options, "--", "touch", mark], { env });
    expect(result.code).toBe(code);
  }
  expect(existsSync(mark)).toBe(false);
}, 30_000);

test("the program gets the umask of whoever started it", async () => {
  const file = join(home.folder, "made-by-program");
  await home.run(["run", "--", "sh", "-c", `umask 022; true > ${file}; umask`]);
  expect(statSync(file).mode & 0o777).toBe(0o644);
  const [command = "", ...args] = await ownkeyCommand();
  const words = ["sh", "-c", 'umask 002; "$@"', "x", command, ...args, "run", "--", "sh", "-c", "umask"];
  const child = Bun.spawn(words, {
    env: { PATH: process.env["PATH"] ?? "", HOME: home.folder, OWNKEY_HOME: home.home },
    stdout: "pipe",
  });
  expect((await child.stdout.text()).trim()).toBe("0002");
}, 20_000);

test("a template is filled byte for byte, for the owner only, with a credential that works", async () => {
  const template = join(home.folder, "t.tmpl");
  const out = join(home.folder, "t.conf");
  const raw = Buffer.concat([Buffer.from([0xff, 0x00, 0x80]), Buffer.from("k={{ ownkey://openai/main }};")]);
  writeFileSync(template, raw);
  writeFileSync(out, "old", { mode: 0o644 });
  const done = await home.json(["inject", "-i", template, "-o", out]);
  expect(done).toMatchObject({ path: out, references: 1, real: false });
  expect(statSync(out).mode & 0o777).toBe(0o600);
  const filled = readFileSync(out);
  expect([...filled.subarray(0, 5)]).toEqual([0xff, 0x00, 0x80, 0x6b, 0x3d]);
  const token = filled.subarray(5, -1).toString();
  expect(await statusWith(token)).toBe(200);

  const bad = await home.run(["inject", "-o", out], { stdin: "{{ ownkey://openai/none }}" });
  expect(bad.code).toBe(3);
  expect(readFileSync(out)).toEqual(filled);
}, 20_000);

test("a template may get a virtual key of its own, for its connections only", async () => {
  const { stdout } = await home.run(["inject", "--new-vk", "compose"], { stdin: "ownkey://openai/main" });
  home.shown.push(stdout);
  expect(await statusWith(stdout)).toBe(200);
  expect(await home.json(["vk", "show", "compose"])).toMatchObject({ connections: ["openai"] });
}, 20_000);

test("a run that outlives the running program takes its session up with the next one", async () => {
  const { child, token } = await startRun();
  up.kill("SIGKILL");
  await up.exited;
  up = await home.up();
  await until(async () => ((await statusWith(token)) === 200 ? true : undefined), "the token works again");
  child.kill("SIGTERM");
  await child.exited;
  expect(await statusWith(token)).toBe(401);
}, 30_000);

test("a session that has ended is not taken up again, nor by a token that is none", async () => {
  const { child, token } = await startRun();
  child.kill("SIGTERM");
  await child.exited;
  const { socket } = JSON.parse(readFileSync(join(home.home, "run/up.json"), "utf8")) as { socket: string };
  const statusOf = async (input: object) => {
    const response = await fetch("http://localhost/session", {
      unix: socket,
      method: "POST",
      body: JSON.stringify(input),
    });
    await response.body?.cancel();
    return response.status;
  };
  expect(await statusOf({ resume: { token } })).toBe(409);
  expect(await statusOf({ resume: { token: "sk-ownkey-t-nothing" } })).toBe(409);
  expect(await statusOf({ open: { tool: "Not A Tool" } })).toBe(400);
  expect(await statusWith(token)).toBe(401);
  const { ui } = up.ready;
  expect((await fetch(`${ui}/session`, { method: "POST", body: "{}" })).status).toBe(404);
}, 20_000);
