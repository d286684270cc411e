import { describe, expect, test } from "bun:test";
import { Command } from "commander";
import { AppError, ERROR_CODES } from "../kernel/index.ts";
import { runCommand } from "./cli.testing.ts";
import type { CliContext } from "./context.ts";
import { COMMANDS } from "./commands.ts";
import { wholeProgram } from "./program.ts";

/** Put together at run time: no key-shaped literal stands in any file. */
const body = "aB3dE6gH9jK2".repeat(8);
const key = `sk-proj-${body}`;
const hex32 = "0123456789abcdef".repeat(2);

const silent = { stdout: { write() {} }, stderr: { write() {} }, colour: false } as unknown as CliContext;

function* commandsBelow(command: Command, path = "ownkey"): Generator<[string, Command]> {
  yield [path, command];
  for (const child of command.commands) yield* commandsBelow(child, `${path} ${child.name()}`);
}

const ALL = [...commandsBelow(await wholeProgram(silent))];

test("the table of commands names just what each file brings", async () => {
  for (const group of COMMANDS) {
    const program = new Command().enablePositionalOptions();
    (await group.load())(program, silent, { code: 0 });
    expect(program.commands.map((command) => command.name())).toEqual([...group.names]);
  }
});

describe("every command says what it does", () => {
  test.each(ALL)("%s", (path, command) => {
    expect(command.description()).not.toBe("");
    for (const option of command.options) expect(option.description).not.toBe("");
    if (command.commands.length > 0) return;
    let help = "";
    command.configureOutput({ writeOut: (text) => (help += text) });
    command.outputHelp();
    expect(help).toContain(`\n  $ ${path}`);
    if (command.name() !== "completion") expect(help).toContain("--json");
  });
});

describe("--json", () => {
  const answers = { "keys.list": { items: [] } };

  test.each([[["keys", "list", "--json"]], [["keys", "--json", "list"]], [["--json", "keys", "list"]]])(
    "in any place: %p",
    async (argv) => {
      const { code, stdout } = await runCommand(argv, { answers });
      expect({ code, document: JSON.parse(stdout) }).toEqual({ code: 0, document: { items: [] } });
    },
  );

  test("is no value of an option, and refused where there is no document", async () => {
    expect((await runCommand(["vk", "create", "--name", "--json"])).stderr).toContain(
      `"--name needs a value`,
    );
    expect(JSON.parse((await runCommand(["completion", "bash", "--json"])).stderr)).toMatchObject({
      error: { code: "usage", message: "ownkey completion has no option --json" },
    });
  });

  test("behind -- it is a word like any other", async () => {
    const { calls } = await runCommand(["keys", "show", "--", "--json"], { answers: { "keys.show": {} } });
    expect(calls).toEqual([{ name: "keys.show", input: { ref: "--json" } }]);
  });

  test.each([
    ["an unknown command", ["keys", "lst", "--json"]],
    ["an unknown option", ["keys", "list", "--what", "--json"]],
    ["a missing argument", ["keys", "show", "--json"]],
    ["a wrong value", ["audit", "show", "--limit", "many", "--json"]],
    ["no command", ["keys", "--json"]],
  ])("%s is one error document on stderr, exit 2", async (_name, argv) => {
    const { code, stdout, stderr } = await runCommand(argv);
    expect({ code, stdout }).toEqual({ code: 2, stdout: "" });
    expect(JSON.parse(stderr)).toMatchObject({ error: { code: "usage", message: expect.any(String) } });
  });
});

describe("what is wrong in a command line is told in a sentence, with what to do", () => {
  test.each([
    [["kyes"], `ownkey has no command "kyes"`, "did you mean keys? ownkey --help shows its commands"],
    [["keys", "xyzzy"], `ownkey keys has no command "xyzzy"`, "ownkey keys --help shows its commands"],
    [
      ["vk", "create", "--name", "x", "--nmae"],
      "ownkey vk create has no option --nmae",
      "did you mean --name? ownkey vk create --help shows what it takes",
    ],
    [
      ["keys", "list", "-x"],
      "ownkey keys list has no option -x",
      "ownkey keys list --help shows what it takes",
    ],
    [
      ["keys", "rename", "main"],
      "<name> is missing: ownkey keys rename <ref> <name>",
      "ownkey keys rename --help shows what it takes",
    ],
    [["vk", "create"], "--name is missing: --name <name>", "ownkey vk create --help shows what it takes"],
    [
      ["vk", "create", "--name"],
      "--name needs a value: --name <name>",
      "ownkey vk create --help shows what it takes",
    ],
    [
      ["keys", "list", "more"],
      "ownkey keys list takes no arguments, and was given 1",
      "ownkey keys list --help shows what it takes",
    ],
    [
      ["keys", "show", "a", "b", "c"],
      "ownkey keys show takes 1 argument, and was given 3",
      "ownkey keys show --help shows what it takes",
    ],
    [
      ["requests", "list", "--limit", "it's ' is invalid. many"],
      "--limit must be a whole number",
      "ownkey requests list --help shows what it takes",
    ],
    [
      ["connections", "set", "x", "--allow-private", "perhaps"],
      "--allow-private must be one of yes, no",
      "ownkey connections set --help shows what it takes",
    ],
    [
      ["vk", "create", "--name", "x", "--address", ""],
      "--address must be one or more, separated by commas",
      "ownkey vk create --help shows what it takes",
    ],
    [
      ["notify", "secret", "new", "--grace-hours", "721"],
      "--grace-hours must be a whole number up to 720",
      "ownkey notify secret new --help shows what it takes",
    ],
  ])("%p", async (argv, message, hint) => {
    expect(await runCommand(argv)).toMatchObject({
      code: 2,
      stdout: "",
      stderr: `error: ${message}\n  ${hint}\n`,
    });
    const { code, stdout, stderr } = await runCommand([...argv, "--json"]);
    expect({ code, stdout, document: JSON.parse(stderr) }).toEqual({
      code: 2,
      stdout: "",
      document: { error: { code: "usage", message, hint } },
    });
  });

  test("a group without its command shows what there is; with --json it is a mistake like any other", async () => {
    const shown = await runCommand(["keys"]);
    expect(shown).toMatchObject({ code: 2, stdout: "", stderr: expect.stringContaining("Commands:") });
    expect(JSON.parse((await runCommand(["keys", "--json"])).stderr)).toEqual({
      error: {
        code: "usage",
        message: "a command is missing",
        hint: "ownkey keys --help shows its commands",
      },
    });
  });

  test.each([
    [
      ["budget", "set", "everything", "1usd/day", "--reset-day", "99"],
      "budget.set",
      "resetDay",
      "--reset-day",
    ],
    [["vk", "create", "--name", "x", "--region", "a b"], "vk.create", "regions.0", "--region"],
    [["slots", "add", "key"], "slots.add", "kind", "<kind>"],
    [["export", "env", "--virtual-key", "a b"], "export.virtualKey", "virtualKey", "--virtual-key"],
    [["usage", "--until", "1h"], "usage.report", "until", "--until"],
    [["keys", "list"], "keys.list", "unheardOf", `"unheardOf"`],
  ])(
    "a field that an operation refuses has the name of what was given: %p",
    async (argv, name, field, word) => {
      const refuse = () => {
        throw new AppError("invalid_input", `"${field}" must be right`, {
          hint: "schema",
          details: { field },
        });
      };
      const { code, stderr } = await runCommand(argv, { answers: { [name]: refuse } });
      const command = ["export", "usage"].includes(argv[0] ?? "") ? argv[0] : argv.slice(0, 2).join(" ");
      expect({ code, stderr }).toEqual({
        code: 2,
        stderr: `error: ${word} must be right\n  ownkey ${command} --help shows what it takes\n`,
      });
    },
  );
});

test("what limits a virtual key is lifted by name; nothing is not taken for everything", async () => {
  const set = async (...options: readonly string[]) =>
    (await runCommand(["vk", "set", "x", ...options], { answers: { "vk.set": {} } })).calls[0]?.input;
  for (const [option, field] of [
    ["--connections", "connections"],
    ["--models", "models"],
    ["--address", "addresses"],
    ["--region", "regions"],
  ] as const) {
    expect(await set(option, "all")).toMatchObject({ [field]: [] });
    expect(await set(option, "a,b")).toMatchObject({ [field]: ["a", "b"] });
    expect(await set(option, "")).toBeUndefined();
  }
  expect(await set("--paths", "none")).toMatchObject({ paths: [] });
});

describe("slots add passphrase", () => {
  const add = async (...argv: readonly string[]) =>
    await runCommand(["slots", "add", ...argv], {
      stdin: "five random words are good\n",
      answers: { "slots.add": { kind: "passphrase", id: "slot_x", recoveryCode: null } },
    });

  test.each(["--passphrase-stdin", "--stdin"])("takes it by %s, as unlock and backups do", async (option) => {
    const { code, calls } = await add("passphrase", option);
    expect({ code, input: calls[0]?.input }).toEqual({
      code: 0,
      input: { kind: "passphrase", passphrase: "five random words are good" },
    });
    expect((await add("recovery-code", option)).code).toBe(2);
  });

  test("names one of the two", async () => {
    const { stdout } = await add("--help");
    expect(stdout).toContain("--passphrase-stdin");
    expect(stdout).not.toContain("--stdin ");
    expect((await add("passphrase")).stderr).toContain("use --passphrase-stdin");
  });
});

describe("exit codes", () => {
  test.each(Object.entries(ERROR_CODES))("%s", async (code, { exit }) => {
    const fail = () => {
      throw new AppError(code as "usage", "told", { hint: "do that" });
    };
    const run = await runCommand(["keys", "list"], { answers: { "keys.list": fail } });
    expect(run).toMatchObject({ code: exit, stdout: "", stderr: "error: told\n  do that\n" });
    const json = await runCommand(["keys", "list", "--json"], { answers: { "keys.list": fail } });
    expect(json.code).toBe(exit);
    expect(JSON.parse(json.stderr)).toEqual({ error: { code, message: "told", hint: "do that" } });
  });

  test("what is wrong inside is told without its text, which only OWNKEY_LOG=debug shows, masked", async () => {
    const fail = () => {
      throw new TypeError(`inner text ${key}`);
    };
    const run = await runCommand(["keys", "list"], { answers: { "keys.list": fail } });
    expect(run.code).toBe(1);
    expect(run.stderr).not.toContain("inner text");
    const debug = await runCommand(["keys", "list"], {
      answers: { "keys.list": fail },
      context: { environment: { OWNKEY_LOG: "debug" } },
    });
    expect(debug.stderr).toContain("inner text");
    expect(debug.stderr).not.toContain(body);
  });

  test("help is for a command however deep, and for none that is not there", async () => {
    const asked = await runCommand(["help", "notify", "secret", "new"]);
    expect(asked).toEqual(await runCommand(["notify", "secret", "new", "--help"]));
    expect(asked.stdout).toStartWith("Usage: ownkey notify secret new");
    expect((await runCommand(["help"])).stdout).toStartWith("Usage: ownkey [options] [command]");
    expect(await runCommand(["help", "keys", "nope"])).toMatchObject({
      code: 2,
      stdout: "",
      stderr: `error: ownkey keys has no command "nope"\n  ownkey keys --help shows its commands\n`,
    });
  });

  test("help names what is to be given, and nothing that is not", async () => {
    const { stdout } = await runCommand(["keys", "--help"]);
    expect(stdout).toMatch(/^  add <provider> +test a key/m);
    expect(stdout).toMatch(/^  list +all provider keys/m);
    for (const [, command] of ALL) expect(command.usage()).not.toContain("rest");
  });

  test("--json is described by what it does: one document, but for what goes on or is somebody else's", () => {
    const own = ALL.filter(([, command]) =>
      command.options.some(
        ({ long, description }) => long === "--json" && description !== "print one JSON document",
      ),
    );
    expect(own.map(([path]) => path)).toEqual([
      "ownkey up",
      "ownkey run",
      "ownkey inject",
      "ownkey requests tail",
    ]);
  });

  test("help and version are fine, a missing command is a mistake", async () => {
    expect((await runCommand(["--help"])).code).toBe(0);
    expect((await runCommand(["keys", "add", "--help"])).code).toBe(0);
    expect((await runCommand(["--version"])).stdout).toMatch(/^\d+\.\d+\.\d+/);
    expect((await runCommand(["keys"])).code).toBe(2);
    expect((await runCommand(["kyes"])).stderr).toContain("keys");
  });
});

describe("a secret as an argument is refused before anything is parsed", () => {
  test.each([
    ["as an argument", ["keys", "add", "openai", key]],
    ["as an option's value", ["keys", "add", "openai", "--name", key]],
    ["behind an equals sign", ["keys", "add", "openai", `--key=${key}`]],
    ["for a command that does not exist", ["whatever", key]],
    ["for help", ["keys", "add", key, "--help"]],
    ["behind --", ["keys", "show", "--", key]],
    ["in a URL", ["connections", "set", "openai", "--base-url", `https://h.example/v1?key=${body}`]],
    ["without a mark", ["keys", "add", "azure", hex32]],
    ["as a provider", ["keys", "add", hex32]],
    ["a word more than there should be", ["keys", "add", "azure", "something-opaque"]],
    ["with a new host", ["connections", "set", "openai", "something-opaque"]],
    ["a tool's name", ["token", key]],
  ])("%s", async (_name, argv) => {
    const { code, stdout, stderr, calls } = await runCommand(["--json", ...argv]);
    expect({ code, stdout, calls }).toEqual({ code: 2, stdout: "", calls: [] });
    expect(JSON.parse(stderr).error).toMatchObject({
      code: "secret_in_argument",
      hint: expect.stringContaining("--stdin"),
    });
    expect(stderr).not.toContain(body);
    expect(stderr).not.toContain(hex32);
  });

  test("ordinary arguments pass", async () => {
    const answers = {
      "keys.list": { items: [] },
      "connections.set": {},
      "backup.verify": { files: [] },
      "requests.show": { items: [] },
    };
    const ordinary = [
      ["requests", "show", "req_01j9zk3v5x7a8b9c0d1e2f3g4h"],
      ["backup", "verify", `${hex32}.age`, "--passphrase-stdin"],
      ["connections", "set", "conn_01j9zk3v5x7a8b9c0d1e2f3g4h", "--project", hex32, "--json"],
      ["connections", "set", "azure", "--base-url", `https://h.example/${hex32}`, "--json"],
    ];
    for (const argv of ordinary) {
      const { stderr, calls } = await runCommand(argv, { answers, stdin: "x" });
      expect(stderr).not.toContain("secret");
      expect(calls).toHaveLength(1);
    }
  });

  test("the parser's complaint about a word repeats nothing that looks like a key", async () => {
    const { stderr } = await runCommand(["keys", "list", `--opaque-${hex32.slice(2)}`, "--name", hex32]);
    expect(stderr).not.toContain(hex32);
  });
});
