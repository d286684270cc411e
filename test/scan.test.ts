/** `ownkey scan` and `ownkey guard` as a new user meets them: on a home full of keys, without a vault. */
import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { existsSync, readdirSync, rmSync, statSync } from "node:fs";
import { join } from "node:path";
import { type CommandResult, OwnkeyHome } from "./support/ownkey.ts";
import { PlantedHome } from "./support/planted-home.ts";

interface Item {
  readonly rule: string;
  readonly title: string;
  readonly severity: string;
  readonly path: string;
  readonly line: number;
  readonly commit?: string;
  readonly masked: string;
  readonly knownKey?: string;
  readonly readers?: string;
  readonly fix: string;
  readonly group: number;
}

const user = new OwnkeyHome();
const home = new PlantedHome(user.folder);
const before = treeOf(home.folder);

afterAll(async () => {
  await user.remove();
});

/** Names and times of change of everything below. */
function treeOf(folder: string): string[] {
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .map((entry) => join(entry.parentPath, entry.name))
    .map((path) => `${path} ${statSync(path).mtimeMs}`)
    .toSorted();
}

const isSetting = ({ rule }: Item) => rule.startsWith("settings/");
const isOfProcess = ({ path }: Item) => /in the environment of process|arguments of process/.test(path);

async function scan(...args: readonly string[]): Promise<{ items: readonly Item[]; code: number }> {
  const { code, stdout, stderr } = await user.run(["scan", ...args, "--json"]);
  if (code !== 0 && code !== 7) throw new Error(stderr);
  return { items: (JSON.parse(stdout) as { items: Item[] }).items, code };
}

/** Where each planted key was found; a database's row is named behind the file. */
const placeOf = ({ path }: Item) => path.replace(`${home.folder}/`, "").replace(/ \(.*\)$/, "");
const describeItem = (item: Item) => `${placeOf(item)} …${item.masked.slice(-4)}`;
const wanted = home.planted.map(({ path, key }) => `${path} …${key.slice(-4)}`).toSorted();

describe("a home with keys in the layouts of fifteen tools, shells, notebooks and histories", () => {
  let all: readonly Item[] = [];
  let withProcess: readonly Item[] = [];
  const lent = home.keyOf("openai");

  beforeAll(async () => {
    const child = Bun.spawn(["sleep", "60"], {
      env: { PATH: process.env["PATH"] ?? "", SPARE_OPENAI_KEY: lent },
    });
    try {
      ({ items: withProcess } = await scan(home.folder, "--git", "--env"));
      all = withProcess.filter((item) => !isOfProcess(item));
    } finally {
      child.kill();
      await child.exited;
    }
  });

  test("all are found, and nothing else is named", () => {
    expect(home.planted.length).toBeGreaterThanOrEqual(30);
    const found = all.filter((item) => !isSetting(item) && item.commit === undefined);
    const inHistory = all.filter((item) => item.commit !== undefined);
    const named = [...found, ...inHistory].map(describeItem);
    expect([...new Set(named)].toSorted()).toEqual(wanted);
    expect(new Set(all.filter((item) => !isSetting(item)).map(({ group }) => group)).size).toBe(
      home.planted.length,
    );
  });

  // Elsewhere another program lists the processes, of which macOS shows no environment in a sandbox.
  test.skipIf(process.platform !== "linux")("the key in a program's environment is found", () => {
    const places = withProcess.filter(isOfProcess).filter(({ masked }) => masked.endsWith(lent.slice(-4)));
    expect(places.map(({ path }) => path)).toEqual([
      expect.stringContaining("SPARE_OPENAI_KEY in the environment of process"),
    ]);
  });

  test("wrong settings are told with the key that they are about", () => {
    const rules = new Set(
      all.filter(isSetting).map(({ rule, path }) => `${rule} ${path.replace(`${home.folder}/`, "")}`),
    );
    for (const rule of [
      "settings/cursor-unread .config/Cursor/User/settings.json",
      "settings/cursor-unread .config/Cursor/User/profiles/-7a/settings.json",
      "settings/synced .config/VSCodium/User/settings.json",
      "settings/vscode-unread .config/Code/User/chatLanguageModels.json",
    ]) {
      expect(rules).toContain(rule);
    }
  });

  test("without a path the known places of the machine are looked at", async () => {
    const { items, code } = await scan();
    expect(code).toBe(7);
    const found = new Set(items.filter((item) => !isSetting(item)).map(describeItem));
    const known = wanted.filter((place) => !place.startsWith("code/"));
    expect(known.filter((place) => !found.has(place))).toEqual([]);
  });

  test("virtual keys are information, listed only when asked for", async () => {
    const { items } = await scan(join(home.folder, ".continue"), "--all");
    expect(items.filter(({ severity }) => severity === "info").map(placeOf)).toEqual([".continue/.env"]);
    const usual = await scan(join(home.folder, ".continue/.env"));
    expect(usual).toEqual({ items: [], code: 0 });
  });
});

test("the table names each key once, with where it is, who can read it and what to do", async () => {
  const { stdout, code } = await user.run(["scan"]);
  expect(code).toBe(7);
  expect(stdout).toContain("~/.bashrc:2");
  expect(stdout).toContain("only you can read it");
  expect(stdout).toContain("ownkey keys add openai");
  expect(stdout).toMatch(/\d+ keys and \d+ wrong settings? found/);
});

test("a baseline accepts what was found, for every checkout, and nothing new", async () => {
  const folder = join(home.folder, "accepted");
  const text = `a = "${home.keyOf("openai")}"\n`;
  home.write("accepted/a.py", text);
  const baseline = join(folder, ".ownkey-baseline.json");
  expect((await user.run(["scan", folder, "--write-baseline", baseline])).code).toBe(0);
  expect((await scan(folder, "--baseline", baseline)).items).toEqual([]);
  home.write("accepted/b.py", `b = "${home.keyOf("openai")}"\n`);
  expect((await scan(folder, "--baseline", baseline)).items.map(placeOf)).toEqual(["accepted/b.py"]);
  rmSync(folder, { recursive: true });
});

test("SARIF has the structure that code hosts take", async () => {
  const { stdout, code } = await user.run(["scan", home.folder, "--sarif"]);
  expect(code).toBe(7);
  const log = JSON.parse(stdout) as {
    version: string;
    runs: {
      tool: { driver: { name: string; rules: { id: string }[] } };
      results: {
        ruleId: string;
        ruleIndex: number;
        level: string;
        message: { text: string };
        locations: {
          physicalLocation: { artifactLocation: { uri: string }; region?: { startLine: number } };
        }[];
        partialFingerprints: Record<string, string>;
      }[];
    }[];
  };
  expect(log.version).toBe("2.1.0");
  const [run] = log.runs;
  expect(run?.tool.driver.name).toBe("ownkey");
  expect(run?.results.length).toBeGreaterThanOrEqual(25);
  for (const result of run?.results ?? []) {
    expect(run?.tool.driver.rules[result.ruleIndex]?.id).toBe(result.ruleId);
    expect(["error", "warning", "note", "none"]).toContain(result.level);
    const [location] = result.locations;
    expect(location?.physicalLocation.artifactLocation.uri).not.toContain(" ");
    expect(location?.physicalLocation.region?.startLine ?? 1).toBeGreaterThan(0);
    expect(Object.values(result.partialFingerprints)[0]).toMatch(/^[0-9a-f]{32}$/);
  }
});

test("what is no repository, and what is not there, is no clean scan", async () => {
  home.write("plain/a.txt", "nothing\n");
  const folder = join(home.folder, "plain");
  expect((await user.run(["scan", folder, "--git"])).code).toBe(1);
  expect((await user.run(["scan", folder, "--staged"])).code).toBe(1);
  expect((await user.run(["scan", join(folder, "absent")])).code).toBe(3);
  rmSync(folder, { recursive: true });
});

test("standard input is looked at whatever its size", async () => {
  const piped = `${"nothing\n".repeat(400_000)}export OPENAI_API_KEY=${home.keyOf("openai")}\n`;
  const { stdout, code } = await user.run(["scan", "--stdin", "--json"], { stdin: piped });
  expect(code).toBe(7);
  expect((JSON.parse(stdout) as { items: Item[] }).items[0]).toMatchObject({
    path: "<stdin>",
    line: 400_001,
  });
});

describe("guard", () => {
  const repository = join(user.folder, "code/removed");
  const git = async (...args: readonly string[]): Promise<CommandResult> => {
    const child = Bun.spawn(["git", "-c", "user.name=Ada", "-c", "user.email=ada@example.com", ...args], {
      cwd: repository,
      env: { PATH: process.env["PATH"] ?? "", HOME: home.folder, OWNKEY_HOME: user.home },
      stdin: "ignore",
      stdout: "pipe",
      stderr: "pipe",
    });
    const [stdout, stderr, code] = await Promise.all([
      child.stdout.text(),
      child.stderr.text(),
      child.exited,
    ]);
    user.printed.push(stdout, stderr);
    return { code, stdout, stderr };
  };

  test("a staged key cannot be committed by accident, and the message says what to do", async () => {
    expect((await user.run(["guard", "install", repository])).code).toBe(0);
    home.write("code/removed/app.py", `KEY = "${home.keyOf("openai")}"\n`);
    await git("add", "app.py");
    const refused = await git("commit", "-q", "-m", "key");
    expect(refused.code).not.toBe(0);
    for (const said of [
      "app.py:1  OpenAI project key",
      "1. Take the key out of app.py",
      "git restore --staged app.py",
      "ownkey keys add openai",
      "ownkey:allow",
      "git commit --no-verify",
    ]) {
      expect(refused.stderr).toContain(said);
    }
    expect((await git("status", "--porcelain")).stdout).toContain("A  app.py");
  });

  test("the key taken out, the commit goes through; a key in the file at another place is no new one", async () => {
    home.write("code/removed/app.py", `KEY = os.environ["OPENAI_API_KEY"]\n`);
    await git("add", "app.py");
    expect((await git("commit", "-q", "-m", "no key")).code).toBe(0);
  });

  test("the commands that a refusal shows work for every name, and from a folder below", async () => {
    const names = [
      "-n.py",
      "a b.py",
      "it's.py",
      "new\nline.py",
      "\u202ertl.py",
      ":(top)x.py",
      "below/plain.py",
    ];
    for (const name of names) home.write(`code/removed/${name}`, `KEY = "${home.keyOf("openai")}"\n`);
    await git("add", ".");
    const refused = await git("-C", "below", "commit", "-q", "-m", "keys");
    expect(refused.code).not.toBe(0);
    const [, command = ""] = /; or leave it out: (git restore .*)/.exec(refused.stderr) ?? [];
    const { exitCode } = Bun.spawnSync(["bash", "-c", command], { cwd: join(repository, "below") });
    expect(exitCode).toBe(0);
    expect((await git("diff", "--cached", "--name-only")).stdout).toBe("");
    for (const name of names) rmSync(join(repository, name));
  });

  test("a commit that got past the guard is not pushed; what the other side has is not looked at again", async () => {
    const remote = join(user.folder, "remote.git");
    Bun.spawnSync(["git", "init", "-q", "--bare", remote]);
    await git("remote", "add", "origin", remote);
    // The history of this repository holds a key from before the guard.
    const first = await git("push", "-q", "origin", "main");
    expect(first.code).not.toBe(0);
    expect(first.stderr).toContain("this push holds a key");
    expect((await git("push", "-q", "--no-verify", "origin", "main")).code).toBe(0);
    await git("fetch", "-q", "origin");
    home.write("code/removed/b.py", "nothing\n");
    await git("add", "b.py");
    await git("commit", "-q", "-m", "b");
    expect((await git("push", "-q", "origin", "main")).code).toBe(0);
    home.write("code/removed/c.py", `KEY = "${home.keyOf("anthropic")}"\n`);
    await git("add", "c.py");
    expect((await git("commit", "-q", "--no-verify", "-m", "c")).code).toBe(0);
    expect((await git("push", "-q", "origin", "main")).code).not.toBe(0);
  });

  test("uninstalled, it is gone", async () => {
    const { items: _, ...status } = await user.json<{ items?: unknown; hooks: { installed: boolean }[] }>([
      "guard",
      "uninstall",
      repository,
    ]);
    expect(status.hooks.map(({ installed }) => installed)).toEqual([false, false]);
  });
});

test("scanning has changed nothing that was there, and made no home of Ownkey's", () => {
  expect(existsSync(user.home)).toBe(false);
  const now = new Set(treeOf(home.folder));
  const untouched = before.filter((entry) => !entry.includes("/code/removed"));
  expect(untouched.filter((entry) => !now.has(entry) && !entry.startsWith(`${home.folder}/code `))).toEqual(
    [],
  );
});

test("with a vault its keys are known in every form, by name, and nothing of the home itself is named", async () => {
  const key = home.keyOf("openai");
  await user.addKey("openai", key, "--no-test", "--name", "main");
  home.write("encoded/secret.yaml", `data:\n  key: ${Buffer.from(`x${key}`).toString("base64")}\n`);
  home.planted.push({ path: "encoded/secret.yaml", key });
  const { items } = await scan(join(home.folder, "encoded"), user.home);
  expect(items.map(({ knownKey, title }) => ({ knownKey, title }))).toEqual([
    { knownKey: "openai/main", title: 'key "openai/main" of the vault' },
  ]);
});

test("no key is ever printed in full, nor half of one", () => {
  const printed = user.printed.join("\n");
  for (const { key } of home.planted) {
    expect(printed).not.toContain(key);
    expect(printed).not.toContain(key.slice(8, 8 + Math.floor(key.length / 3)));
  }
});
