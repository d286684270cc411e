/**
 * `ownkey tools` as people meet it: real commands, homes with files as people have them, a real gateway and a double of
 * the provider behind it. Each tool is shown, connected, tried, and given back byte by byte.
 */
import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import {
  chmodSync,
  existsSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { dirname, join } from "node:path";
import { plant, PLANTED } from "../src/tools/adapters/homes.testing.ts";
import { ADAPTERS } from "../src/tools/index.ts";
import { OwnkeyHome } from "./support/ownkey.ts";
import { ownkeyCommand } from "./support/program.ts";
import { newKey } from "./support/keys.ts";
import { ANSWER } from "./support/stage.ts";
import { type Behaviour, json, startUpstream, type Upstream } from "./support/upstream.ts";

const home = new OwnkeyHome();
const keys = { openai: newKey.openai(), anthropic: newKey.anthropic(), google: newKey.google() };
let upstream: Upstream;

/** One list of models and one answer, whatever is asked. */
const provider: Behaviour = (arrived, socket) => {
  const models = ["gpt-4o-mini", "claude-haiku-4-5", "gemini-2.5-flash"].map((id) => ({
    id,
    name: `models/${id}`,
  }));
  const answer = arrived.method === "GET" ? { object: "list", data: models, models } : ANSWER;
  return json(200, answer)(arrived, socket);
};

beforeAll(async () => {
  upstream = await startUpstream(provider);
  await home.up();
  for (const [name, key] of Object.entries(keys))
    await home.addKey(name, key, "--base-url", upstream.url, "--no-test");
});

afterAll(async () => {
  await upstream.close();
  await home.remove();
});

/** A person's home, with what a tool has left there. */
function personal(...tools: string[]) {
  const folder = mkdtempSync(join(home.folder, "person-"));
  for (const tool of tools) plant(folder, tool);
  mkdirSync(join(folder, "project"), { recursive: true });
  return { folder, options: { env: { HOME: folder, SHELL: "/bin/bash" }, cwd: join(folder, "project") } };
}

/** Every file below a folder with its mode, but the program that is put there. */
function snapshot(folder: string): Record<string, string> {
  const names = (readdirSync(folder, { recursive: true }) as string[]).filter(
    (name) => !name.startsWith(".local/bin"),
  );
  return Object.fromEntries(
    names.flatMap((name) => {
      const stats = lstatSync(join(folder, name));
      if (!stats.isFile()) return [];
      return [[name, `${(stats.mode & 0o777).toString(8)} ${readFileSync(join(folder, name), "latin1")}`]];
    }),
  );
}

interface Connected {
  readonly items: readonly {
    readonly tool: string;
    readonly outcome: string;
    readonly plan?: { readonly notes: readonly string[]; readonly bySubscription: boolean };
    readonly connected?: { readonly change: string | null; readonly files: readonly string[] };
    readonly verified?: { readonly ok: boolean; readonly what: string };
    readonly error?: { readonly code: string; readonly message: string; readonly hint: string };
  }[];
}

interface Listed {
  readonly items: readonly { readonly id: string; readonly state: string; readonly key: string | null }[];
}

const HERE = ADAPTERS.filter(({ id, traits }) => id !== "launchd" && !traits.fromOutside);

for (const { id, traits, sources } of HERE) {
  describe(id, () => {
    const { folder, options } = personal(id);
    const before = snapshot(folder);
    const byHand = traits.takes === "dialog" || sources.length === 0;
    const isGuide = ["avante", "codecompanion"].includes(id);

    test("a dry run shows what would change, no secret, and changes nothing", async () => {
      const { code, stdout, stderr } = await home.run(
        ["tools", "connect", id, "--dry-run", "--model", "gpt-5.2"],
        options,
      );
      expect([code, stderr]).toEqual([0, ""]);
      expect(stdout.includes("chooses its models itself")).toBe(traits.wantsModels !== true);
      expect(stdout).toContain("→ connection ");
      for (const secret of Object.values(PLANTED)) expect(stdout).not.toContain(secret);
      expect(stdout).not.toMatch(/sk-ownkey-[A-Za-z0-9]{8}/);
      expect(snapshot(folder)).toEqual(before);
    });

    test("connected it works, a second time nothing changes, and disconnecting gives back every byte and mode", async () => {
      const connect = ["tools", "connect", id, "--yes"];
      const [done] = (await home.json<Connected>(connect, options)).items;
      expect(done?.outcome).toBe("connected");
      if (!byHand && !isGuide) {
        expect(done?.verified).toMatchObject({ ok: true });
        const { items } = await home.json<Listed>(["tools", "list", "--no-versions"], options);
        expect(items.find((item) => item.id === id)).toMatchObject({ state: "connected" });
        const [again] = (await home.json<Connected>([...connect, "--no-verify"], options)).items;
        expect(again?.connected?.change).toBeNull();
      }
      const written = (done?.connected?.files ?? []).map((path) => readFileSync(path, "utf8")).join("\n");
      if (traits.takes === "command" && !isGuide)
        expect(written).toContain(`${join(folder, ".local/bin/ownkey")}`);
      expect(written).not.toContain("/src/main.ts");

      await home.json(["tools", "disconnect", id], options);
      expect(snapshot(folder)).toEqual(before);
    });
  });
}

test("SDKs that find nothing but the variables of a .env file reach each provider with its own key", async () => {
  const { folder, options } = personal("dotenv");
  await home.json(["tools", "connect", "dotenv", "--yes", "--no-verify"], options);
  const script = `import OpenAI from "openai"; import Anthropic from "@anthropic-ai/sdk"; import { GoogleGenAI } from "@google/genai";
    const messages = [{ role: "user", content: "hi" }];
    await new OpenAI().chat.completions.create({ model: "gpt-4o-mini", messages });
    await new Anthropic().messages.create({ model: "claude-haiku-4-5", max_tokens: 9, messages });
    await new GoogleGenAI({}).models.generateContent({ model: "gemini-2.5-flash", contents: "hi" });`;
  const before = upstream.arrived.length;
  const file = join(folder, "project/.env");
  const child = Bun.spawn([process.execPath, `--env-file=${file}`, "-e", script], {
    cwd: join(import.meta.dir, ".."),
    env: { PATH: process.env["PATH"], HOME: folder },
    stdout: "pipe",
    stderr: "pipe",
  });
  expect([await child.stderr.text(), await child.exited]).toEqual(["", 0]);
  const arrived = upstream.arrived.slice(before);
  expect(arrived.map(({ path }) => path)).toEqual([
    "/v1/chat/completions",
    "/v1/messages",
    "/v1/models/gemini-2.5-flash:generateContent",
  ]);
  expect(
    arrived.map(({ headers }) =>
      ["authorization", "x-api-key", "x-goog-api-key"].flatMap((name) => headers.get(name) ?? []),
    ),
  ).toEqual([[`Bearer ${keys.openai}`], [keys.anthropic], [keys.google]]);
  await home.json(["tools", "disconnect", "dotenv"], options);
});

test("the list shows what each would really use, as a table and as a document, and no key", async () => {
  const { options } = personal("claude-code", "codex", "opencode");
  const { stdout, code } = await home.run(["tools", "list", "--no-versions"], options);
  expect(code).toBe(0);
  const rows = stdout.split("\n").map((line) => line.replace(/ {2,}/g, " | ").trim());
  expect(rows[0]).toBe("TOOL | VERSION | STATE | KEY | GOES TO");
  expect(rows).toContainEqual(
    expect.stringMatching(/^claude-code \| past Ownkey \| sk-ant-.*… ?.* \| https:\/\/api\.anthropic\.com$/),
  );
  for (const secret of Object.values(PLANTED)) expect(stdout).not.toContain(secret);
  const { items } = await home.json<Listed>(["tools", "list", "--no-versions"], options);
  expect(items.map(({ id }) => id)).toEqual(["claude-code", "codex", "opencode", "shell"]);
  expect(items[0]).toMatchObject({ state: "direct" });
});

test("--all connects what it can, says what it left out and why, and undoing it gives all back", async () => {
  const { folder, options } = personal("claude-code", "codex", "aider", "zed");
  const login = join(folder, ".claude/.credentials.json");
  writeFileSync(login, '{"claudeAiOauth":{"accessToken":"none"}}', { mode: 0o600 });
  const settings = join(folder, ".claude/settings.json");
  writeFileSync(settings, '{ "model": "opus" }');
  const before = snapshot(folder);
  const { stderr, code, stdout } = await home.run(["tools", "connect", "--all", "--yes"], options);
  expect(code).toBe(0);
  expect(stderr).toContain("Claude Code is paid by subscription and was left out");
  expect(stderr).toContain("Zed was left out: you have to enter its key yourself: ownkey tools connect zed");
  expect(stderr).toContain("shells and what they start was left out");
  expect(stdout.match(/^works: /gm)).toHaveLength(2);
  expect(readFileSync(settings, "utf8")).toBe('{ "model": "opus" }');
  const { stdout: asked } = await home.run(["tools", "connect", "claude-code", "--dry-run"], options);
  expect(asked).toContain("paid by subscription: connecting moves it to metered use");
  const { items } = await home.json<{ items: { tool: string }[] }>(["tools", "disconnect", "--all"], options);
  expect(items.map(({ tool }) => tool).sort()).toEqual(["aider", "codex"]);
  expect(snapshot(folder)).toEqual(before);
});

test("a tool that no connection serves is refused by naming the missing key; the others of --all are connected", async () => {
  using other = await onlyWith("anthropic", newKey.anthropic());
  const alone = await other.run("codex");
  expect(alone).toMatchObject({ code: 3, stdout: "" });
  expect(alone.stderr).toContain(
    "Codex CLI sends OpenAI Responses, and no connection with a key serves that",
  );
  expect(alone.stderr).toContain("ownkey keys add openai");
  const both = await other.run("codex", "claude-code", "--no-verify", "--json");
  expect(both.code).toBe(1);
  expect((JSON.parse(both.stdout) as Connected).items).toMatchObject([
    { tool: "codex", outcome: "refused", error: { code: "no_connection" } },
    { tool: "claude-code", outcome: "connected" },
  ]);
});

test("a link to dotfiles with BOM and CRLF stays all that; a file with errors is left alone", async () => {
  const { folder, options } = personal();
  const [link, real] = [join(folder, ".claude/settings.json"), join(folder, "dotfiles/claude.json")];
  for (const path of [link, real]) mkdirSync(dirname(path), { recursive: true });
  const text = '\ufeff{\r\n\t// mine\r\n\t"model": "opus",\r\n}\r\n';
  writeFileSync(real, text, { mode: 0o640 });
  chmodSync(real, 0o640);
  symlinkSync("../dotfiles/claude.json", link);
  await home.json(["tools", "connect", "claude-code", "--yes"], options);
  const changed = readFileSync(real, "utf8");
  expect(changed).toStartWith('\ufeff{\r\n\t// mine\r\n\t"model": "opus",\r\n\t"apiKeyHelper": ');
  expect(changed.replaceAll("\r\n", "")).not.toContain("\n");
  expect(lstatSync(link).isSymbolicLink()).toBe(true);
  await home.json(["tools", "disconnect", "claude-code"], options);
  expect([readFileSync(real, "utf8"), lstatSync(real).mode & 0o777]).toEqual([text, 0o640]);

  writeFileSync(real, '{ "model": ');
  const { code, stderr } = await home.run(["tools", "connect", "claude-code", "--yes"], options);
  expect([code, stderr]).toEqual([1, expect.stringContaining("has errors; it was left as it is")]);
  expect(readFileSync(real, "utf8")).toBe('{ "model": ');
});

test("what was agreed to is what is written: a file that changed meanwhile is not touched", async () => {
  const { folder } = personal("codex");
  const input = { tool: "codex", environment: { HOME: folder } };
  const { seen } = await home.call<{ seen: string }>("tools.plan", input);
  const path = join(folder, ".codex/config.toml");
  writeFileSync(path, `${readFileSync(path, "utf8")}# later\n`);
  const before = snapshot(folder);
  const failure = await home.call("tools.connect", { ...input, seen }).catch(String);
  expect(failure).toContain('"conflict"');
  expect(snapshot(folder)).toEqual(before);
});

test("several commands at once wait for each other, and all is undone in turn", async () => {
  const tools = ["codex", "aider", "opencode", "llm"];
  const { folder, options } = personal(...tools);
  const before = snapshot(folder);
  const connect = (tool: string) =>
    home.json<Connected>(["tools", "connect", tool, "--yes", "--no-verify"], options);
  const done = await Promise.all(tools.map(connect));
  expect(done.map(({ items }) => items[0]?.outcome)).toEqual(tools.map(() => "connected"));
  for (const _tool of tools) await home.json(["tools", "undo", "--yes"], options);
  expect(snapshot(folder)).toEqual(before);
  for (const tool of tools) await home.run(["tools", "disconnect", tool], options);
});

test("killed at any moment, nothing is half done: the next command takes back what was begun", async () => {
  using other = await onlyWith("openai", newKey.openai());
  plant(other.person, "opencode");
  const before = snapshot(other.person);
  const began = performance.now();
  await other.run("opencode", "--no-verify");
  const lengthMs = performance.now() - began;
  await other.disconnect("opencode");
  let interrupted = 0;
  const rounds = 16;
  for (let round = 0; round < rounds; round++) {
    const child = await other.spawn("opencode", "--no-verify");
    await Bun.sleep((lengthMs * (round + 1)) / rounds);
    child.kill("SIGKILL");
    await child.exited;
    if (child.signalCode === "SIGKILL") interrupted++;
    await other.disconnect("opencode");
    expect(snapshot(other.person)).toEqual(before);
  }
  expect(interrupted).toBeGreaterThan(0);
  expect(existsSync(join(other.person, ".config/opencode/opencode.jsonc"))).toBe(true);
});

/** A home with one key, and a person's home to set tools up in; nothing runs. */
async function onlyWith(provider: string, key: string) {
  const other = new OwnkeyHome();
  await other.addKey(provider, key, "--base-url", upstream.url, "--no-test");
  const person = join(other.folder, "person");
  mkdirSync(person);
  const options = { env: { HOME: person, SHELL: "/bin/bash" } };
  const connect = (args: readonly string[]) => ["tools", "connect", ...args, "--yes"];
  return {
    person,
    run: async (...args: string[]) => await other.run(connect(args), options),
    spawn: async (...args: string[]) =>
      Bun.spawn([...(await ownkeyCommand()), ...connect(args)], {
        env: { ...options.env, PATH: process.env["PATH"], OWNKEY_HOME: other.home },
        stdio: ["ignore", "ignore", "ignore"],
      }),
    disconnect: async (tool: string) => await other.json(["tools", "disconnect", tool], options),
    [Symbol.dispose]: () => void other.remove(),
  };
}
