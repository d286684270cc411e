import { describe, expect, test } from "bun:test";
import { AppError } from "../kernel/index.ts";
import { runCommand } from "./cli.testing.ts";

const value = `sk-proj-${"aB3d".repeat(12)}`;
const HELP = { keyVariables: ["OPENAI_API_KEY"], keyOptional: false, keysPage: null };
const ADDED = { connection: "openai", name: "main", fingerprint: "fp_0", verdict: "ok", warnings: [] };

test.each([
  "budget set vk:a 1usd/day --hard --soft",
  "unlock --passphrase-stdin --recovery-code-stdin",
  "unlock --recovery-code-stdin --age-identity -",
  "backup create f --passphrase-stdin --recipient age1x",
  "backup verify f --passphrase-stdin --identity-file i",
  "backup restore f --passphrase-stdin --identity-file i",
  "keys add azure --stdin --endpoint https://a.example --base-url https://b.example",
  "export env --virtual-key a --real",
  "inject --life 2 --new-vk a",
  "tools connect cursor --public-url https://a.example --tunnel tailscale",
  "tools connect cursor --tunnel tailscale --door-port 1",
  "tools connect --all codex",
  "tools disconnect --all codex",
  "usage --csv --json",
  "scan --sarif --json",
])("%s: options of which only one can be meant are refused", async (line) => {
  const { code, calls, stderr } = await runCommand(line.split(" "));
  expect({ code, calls }).toEqual({ code: 2, calls: [] });
  expect(stderr).toContain("exclude each other");
});

test.each([["--wait"], ["--door-port"]])(
  "%s is refused for tools that nobody reaches from outside",
  async (option) => {
    const { code, calls, stderr } = await runCommand(["tools", "connect", "codex", option, "5"]);
    expect({ code, calls }).toEqual({ code: 2, calls: [] });
    expect(stderr).toContain("add --public-url or --tunnel");
  },
);

test("budget explain wants a request, and says where from", async () => {
  const { code, calls, stderr } = await runCommand(["budget", "explain"], { stdin: "\n" });
  expect({ code, calls }).toEqual({ code: 2, calls: [] });
  expect(stderr).toContain("--file request.json");
});

test("config set says whether a value was written or taken out", async () => {
  const answers = { "config.set": { name: "port", needsRestart: true, source: "default", variable: null } };
  expect((await runCommand(["config", "set", "port", "1"], { answers })).stdout).toStartWith("written;");
  expect((await runCommand(["config", "set", "port"], { answers })).stdout).toStartWith(
    "taken out of the file;",
  );
});

test("requests tail ends when nobody reads it any more", async () => {
  let looks = 0;
  const { code } = await runCommand(["requests", "tail"], {
    answers: { "requests.list": () => (looks++, { items: [] }) },
    context: { isUnread: () => looks > 0 },
  });
  expect({ code, looks }).toEqual({ code: 0, looks: 1 });
});

test("token without a tool is a mistake, and prints nothing that could be taken for a token", async () => {
  const { code, stdout, stderr } = await runCommand(["token"]);
  expect({ code, stdout }).toEqual({ code: 2, stdout: "" });
  expect(stderr).toContain("ownkey token claude-code");
});

describe("keys add takes the key from one source, and only there", () => {
  const answers = { "keys.providerHelp": HELP, "keys.add": ADDED };

  test("standard input, without the line's end", async () => {
    const { code, calls } = await runCommand(["keys", "add", "openai", "--stdin"], {
      answers,
      stdin: `${value}\r\n`,
    });
    expect(code).toBe(0);
    expect(calls.at(-1)).toEqual({
      name: "keys.add",
      input: { provider: "openai", value, test: true, keep: false, admin: false },
    });
  });

  test("a variable by its name", async () => {
    const { calls, stdout, stderr } = await runCommand(["keys", "add", "openai", "--from-env", "MY_KEY"], {
      answers,
      context: { environment: { MY_KEY: value } },
    });
    expect(calls.at(-1)?.input).toMatchObject({ value });
    expect(stdout + stderr).not.toContain(value.slice(8));
  });

  test.each([
    ["a variable that is not set", ["--from-env", "MY_KEY"], 3],
    ["no source without a terminal, though the usual variable is set", [], 2],
  ])("%s: refused, nothing is stored", async (_name, options, exit) => {
    const { code, calls, stderr } = await runCommand(["keys", "add", "openai", ...options], {
      answers,
      context: { environment: { OPENAI_API_KEY: value } },
    });
    expect(code).toBe(exit);
    expect(calls.map(({ name }) => name)).toEqual(["keys.providerHelp"]);
    expect(stderr).not.toContain(value.slice(8));
  });

  test("two sources, of which only one can be meant, are refused", async () => {
    const { code, calls, stderr } = await runCommand(
      ["keys", "add", "openai", "--from-env", "MY_KEY", "--stdin"],
      { answers, stdin: value },
    );
    expect({ code, calls }).toEqual({ code: 2, calls: [] });
    expect(stderr).toContain("--stdin");
  });

  test("a provider that needs none gets an empty one", async () => {
    const { calls } = await runCommand(["keys", "add", "ollama"], {
      answers: { ...answers, "keys.providerHelp": { ...HELP, keyOptional: true } },
    });
    expect(calls.at(-1)?.input).toMatchObject({ provider: "ollama", value: "" });
  });

  test("every option reaches the operation; warnings go to standard error", async () => {
    const { calls, stderr, stdout } = await runCommand(
      [
        "keys",
        "add",
        "azure",
        "--stdin",
        "--name",
        "n",
        "--connection",
        "c",
        "--endpoint",
        "https://h.example",
        "--deployment",
        "a=b",
        "--deployment",
        "c",
        "--api-version",
        "1",
        "--allow-private",
        "--class",
        "production",
        "--no-test",
        "--keep",
        "--admin",
        "--expires",
        "2999-01-31",
      ],
      { answers: { ...answers, "keys.add": { ...ADDED, warnings: ["look out"] } }, stdin: "x" },
    );
    expect(calls.at(-1)?.input).toEqual({
      provider: "azure",
      value: "x",
      name: "n",
      connection: "c",
      endpoint: "https://h.example",
      deployments: ["a=b", "c"],
      apiVersion: "1",
      allowPrivate: true,
      class: "production",
      test: false,
      keep: true,
      admin: true,
      expiresAt: "2999-01-31T00:00:00.000Z",
    });
    expect(stderr).toBe("warning: look out\n");
    expect(stdout).toContain("stored openai/main");
  });
});

describe("keys test", () => {
  test.each([
    ["ok", 0],
    ["unreachable", 1],
    ["invalid_key", 6],
    ["rate_limited", 6],
  ])("%s: exit %i", async (verdict, exit) => {
    const result = { verdict, explanation: "e", providerText: null, link: null, proves: "p", curl: "c" };
    expect((await runCommand(["keys", "test", "x"], { answers: { "keys.test": result } })).code).toBe(exit);
  });
});

describe("without a terminal nobody is asked", () => {
  test.each([
    ["keys remove", ["keys", "remove", "x"], 2],
    ["keys reveal", ["keys", "reveal", "x"], 5],
    ["slots add passphrase", ["slots", "add", "passphrase"], 2],
    ["backup create", ["backup", "create", "f"], 2],
    ["keys replace", ["keys", "replace", "x"], 2],
  ])("%s changes nothing", async (_name, argv, exit) => {
    const { code, calls } = await runCommand(argv, { answers: { "keys.show": { id: "key_1" } } });
    expect(code).toBe(exit);
    expect(calls.map(({ name }) => name)).not.toContain(argv.slice(0, 2).join("."));
  });

  test("keys remove --yes goes on", async () => {
    const answers = { "keys.show": { id: "key_1" }, "keys.remove": { connection: "c", name: "n" } };
    const { code, calls } = await runCommand(["keys", "remove", "x", "--yes"], { answers });
    expect({ code, last: calls.at(-1) }).toEqual({
      code: 0,
      last: { name: "keys.remove", input: { ref: "key_1" } },
    });
  });
});

describe("connections set to another host", () => {
  const argv = ["connections", "set", "openai", "--base-url", "https://other.example"];
  const needs = (...keys: string[]) => ({
    "connections.set": (input: { values: object }) => {
      if (Object.keys(input.values).length === keys.length) return { warnings: [], deployments: {} };
      throw new AppError("destination_refused", "bound", { details: { keys } });
    },
  });

  test("takes the key again from the source that is given", async () => {
    const { code, calls } = await runCommand([...argv, "--stdin"], {
      answers: needs("main"),
      stdin: `${value}\n`,
    });
    expect(code).toBe(0);
    expect(calls.map(({ input }) => (input as { values: object }).values)).toEqual([{}, { main: value }]);
  });

  test("is refused without a source, and with one source for several keys", async () => {
    expect(await runCommand(argv, { answers: needs("main") })).toMatchObject({ code: 5, stdout: "" });
    const several = await runCommand([...argv, "--stdin"], { answers: needs("main", "spare"), stdin: value });
    expect(several).toMatchObject({ code: 5, stdout: "" });
  });

  test("--allow-private takes yes or no only", async () => {
    expect((await runCommand(["connections", "set", "x", "--allow-private", "maybe"])).code).toBe(2);
  });
});

describe("down", () => {
  const answers = { "program.stop": { done: true } };

  test("returns once the program is gone", async () => {
    const order: string[] = [];
    const { code, stdout } = await runCommand(["down", "--json"], {
      answers: { "program.stop": () => order.push("told") && { done: true } },
      context: { untilStopped: () => Promise.resolve(order.push("waited") > 0) },
    });
    expect({ code, document: JSON.parse(stdout), order }).toEqual({
      code: 0,
      document: { done: true },
      order: ["told", "waited"],
    });
  });

  test("says so when nothing runs, and when it does not end", async () => {
    const nothing = await runCommand(["down"], {
      answers: {
        "program.stop": () => {
          throw new AppError("not_running", "no");
        },
      },
    });
    expect(nothing).toMatchObject({ code: 0, stdout: "nothing is running\n" });
    const stays = await runCommand(["down"], {
      answers,
      context: { untilStopped: () => Promise.resolve(false) },
    });
    expect(stays).toMatchObject({ code: 1, stdout: "" });
  });
});

describe("token", () => {
  const answers = { "tokens.issue": { token: "the-token", expiresAt: "2030-01-01T00:00:00.000Z" } };

  test("starts the program first, and prints the token and nothing else", async () => {
    const order: string[] = [];
    const { code, stdout, stderr } = await runCommand(["token", "codex"], {
      answers: { "tokens.issue": () => order.push("issued") && answers["tokens.issue"] },
      context: { ensureRunning: () => Promise.resolve(void order.push("running")) },
    });
    expect({ code, stdout, stderr, order }).toEqual({
      code: 0,
      stdout: "the-token\n",
      stderr: "",
      order: ["running", "issued"],
    });
    expect(JSON.parse((await runCommand(["token", "codex", "--json"], { answers })).stdout)).toEqual(
      answers["tokens.issue"],
    );
  });

  test("of a locked vault is exit 4; a name that is none starts nothing", async () => {
    const locked = () => {
      throw new AppError("vault_locked", "locked");
    };
    expect(await runCommand(["token", "codex"], { answers: { "tokens.issue": locked } })).toMatchObject({
      code: 4,
      stdout: "",
    });
    let started = false;
    const wrong = await runCommand(["token", "Not A Tool"], {
      context: { ensureRunning: () => Promise.resolve(void (started = true)) },
    });
    expect({ code: wrong.code, started }).toEqual({ code: 2, started: false });
  });
});

describe("times", () => {
  const since = async (text: string) => {
    const { code, calls } = await runCommand(["requests", "list", "--since", text], {
      answers: { "requests.list": { items: [] } },
    });
    return { code, since: (calls[0]?.input as { since?: string } | undefined)?.since };
  };

  test("are dates, times with a zone, or spans", async () => {
    expect(await since("2026-01-31")).toEqual({ code: 0, since: "2026-01-31T00:00:00.000Z" });
    expect(await since("2026-01-31T12:00:00+02:00")).toEqual({ code: 0, since: "2026-01-31T10:00:00.000Z" });
    expect(Date.parse((await since("2h")).since ?? "")).toBeLessThan(Date.now() - 7_000_000);
  });

  test.each(["2026-01-31T12:00:00", "2026-01-31 12:00", "31.1.2026", "2026-13-01", "1y", "", "2026-01-31x"])(
    "%p is refused",
    async (text) => {
      expect(await since(text)).toEqual({ code: 2, since: undefined });
    },
  );
});

test.each(["2020-01-31", "0d"])("an expiry of %s is refused: it lies behind us", async (text) => {
  expect(await runCommand(["vk", "create", "--name", "x", "--expires", text])).toMatchObject({
    code: 2,
    calls: [],
  });
});

test("usage as CSV: quoted where needed, and no cell is a formula", async () => {
  const sums = {
    requests: 1,
    inputTokens: 2,
    cachedInputTokens: 0,
    outputTokens: 3,
    costUsd: null,
    unpriced: 1,
    estimated: 0,
  };
  const items = [`=cmd|"x"`, "a,b", "-1", "pl\u001b[2Jain"].map((label) => ({ key: "k", label, ...sums }));
  const { stdout } = await runCommand(["usage", "--csv"], {
    answers: { "usage.report": { items, total: sums } },
  });
  const lines = stdout.split("\r\n");
  expect(lines[0]).toBe(
    "key,label,requests,inputTokens,cachedInputTokens,outputTokens,costUsd,unpriced,estimated",
  );
  expect(lines.slice(1, 5).map((line) => line.slice(2, -13))).toEqual([
    `"'=cmd|""x"""`,
    `"a,b"`,
    "'-1",
    "pl\ufffd[2Jain",
  ]);
});

test.skipIf(Bun.which("bash") === null)(
  "bash completes words of the command that stands before the cursor",
  async () => {
    const { stdout } = await runCommand(["completion", "bash"]);
    const line = `${stdout}\nCOMP_WORDS=(ownkey keys re); COMP_CWORD=2; _ownkey; echo "\${COMPREPLY[*]}"`;
    const bash = Bun.spawnSync(["bash", "-c", line]);
    expect(bash.stdout.toString().trim().split(" ").toSorted()).toEqual([
      "remove",
      "rename",
      "replace",
      "reveal",
    ]);
    expect((await runCommand(["completion", "tcsh"])).code).toBe(2);
  },
);
