/** `ownkey adopt` as its users meet it: real files, a real gateway, a double for every provider. */
import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { chmodSync, readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import { type AdoptDocument, AdoptHome } from "./support/adopt-home.ts";
import { newKey } from "./support/keys.ts";
import { until } from "./support/ownkey.ts";
import { MODEL } from "./support/every-provider.ts";

let user: AdoptHome;

beforeAll(async () => {
  user = await AdoptHome.begin();
}, 60_000);

afterAll(async () => {
  await user.remove();
});

const read = (path: string) => readFileSync(join(user.folder, path), "utf8");
const adoptIn = async (folder: string, ...args: readonly string[]) =>
  await user.json<AdoptDocument>(["adopt", join(user.folder, folder), "--yes", ...args]);

/** Undoes every adoption there is. */
async function undoAll(): Promise<void> {
  for (;;) {
    const { items } = await user.json<{ items: readonly { readonly id: string }[] }>(["adopt", "list"]);
    const last = items.at(-1);
    if (!last) return;
    // One whose command was killed goes on in the running program, and ends by itself.
    await until(async () => {
      const { code, stderr } = await user.run(["adopt", "undo", last.id, "--yes", "--json"]);
      return code === 0 || stderr.includes('"not_found"');
    }, "an adoption is undone");
  }
}

test("virtual keys that went to the only connection are named when there is another one, with what to do", async () => {
  await user.json(["vk", "create", "--name", "laptop"]);
  const key = user.knownKey(newKey.anthropic());
  user.planted.write("second/.env", `ANTHROPIC_API_KEY=${key}\n`);
  const { stderr } = await user.run(["adopt", join(user.folder, "second"), "--yes"]);
  expect(stderr).toContain("ownkey vk set laptop --default-connection anthropic");
  await undoAll();
}, 30_000);

describe("a home with thirty keys", () => {
  test("a dry run shows what would be, and changes nothing", async () => {
    const before = user.snapshot();
    const { outcome, keys, stored, plans } = await user.json<AdoptDocument>([
      "adopt",
      user.folder,
      "--dry-run",
    ]);
    expect(outcome).toBe("planned");
    expect(keys.length).toBeGreaterThanOrEqual(28);
    expect(plans.length).toBeGreaterThanOrEqual(27);
    expect(stored).toEqual([]);
    expect(user.changedSince(before)).toEqual([]);
  }, 30_000);

  test("all of it is taken in, and one undo gives every byte and mode back", async () => {
    const before = user.snapshot();
    const adopted = await user.json<AdoptDocument>(["adopt", user.folder, "--yes"]);
    expect(adopted.files.filter(({ outcome }) => outcome !== "changed")).toEqual([]);
    // A tool that takes no address keeps its key until it is connected.
    expect(user.plainKeys().map((found) => found.split(" ")[0])).toEqual([".cline/data/secrets.json"]);
    expect(adopted.outcome).toBe("done");
    await user.json(["adopt", "undo", "--yes"]);
    expect(user.changedSince(before)).toEqual([".local/bin/ownkey"]);
  }, 60_000);
});

test("one key in five places is one key, and each place gets its own best", async () => {
  const key = user.knownKey(newKey.openai());
  const places = ["a/.env", "b/.env.local", "c/.bashrc", "d/settings.py"];
  for (const path of places) user.planted.write(`same/${path}`, `OPENAI_API_KEY=${key}\n`);
  user.planted.write("same/d/settings.py", `import os\nos.environ["OPENAI_API_KEY"] = "${key}"\n`);
  user.planted.write("same/e/notes.md", `my key is ${key}\n`);
  const { stored, plans } = await adoptIn("same");
  expect(stored.map(({ outcome }) => outcome)).toEqual(["stored"]);
  expect(plans.flatMap(({ places: all }) => all.map(({ way }) => way)).toSorted()).toEqual([
    "left",
    "left",
    "virtual_key",
    "virtual_key",
    "virtual_key",
  ]);
  const again = await adoptIn("same");
  expect(again.stored.map(({ outcome }) => outcome)).toEqual(["known"]);
  await undoAll();
  expect(read("same/a/.env")).toBe(`OPENAI_API_KEY=${key}\n`);
}, 30_000);

describe("three keys of one provider", () => {
  const places = ["work/.env", "private/.env", "old/settings.py"];
  const folders = ["work", "private", "old"];

  interface Row {
    readonly providerKey: string;
  }

  /** Which key serves what the file's reader sends. */
  async function servedBy(path: string): Promise<string> {
    const text = read(`three/${path}`);
    const [, credential] = /API_KEY"?\]? ?= ?"?(sk-ownkey-[^"\s]+)/.exec(text) ?? [];
    const [, base] = /BASE_URL"?\]? ?= ?"?([^"\s]+)/.exec(text) ?? [];
    const response = await fetch(`${base}/models`, { headers: { authorization: `Bearer ${credential}` } });
    expect(response.status).toBe(200);
    const { items } = await user.json<{ items: readonly Row[] }>(["requests", "list", "--limit", "1"]);
    return items[0]?.providerKey ?? "";
  }

  test("stay three, told apart by where they were found; each place goes on with the key that it had", async () => {
    const keys = places.map(() => user.knownKey(newKey.openai()));
    for (const [at, path] of places.entries()) {
      const isCode = path.endsWith(".py");
      const text = isCode ? `os.environ["OPENAI_API_KEY"] = "${keys[at]}"\n` : `OPENAI_API_KEY=${keys[at]}\n`;
      user.planted.write(`three/${path}`, text);
    }
    const { stored } = await adoptIn("three");
    expect(stored.map(({ outcome }) => outcome)).toEqual(["stored", "stored", "stored"]);
    const { items } = await user.json<{ items: readonly { connection: string; purpose: string | null }[] }>([
      "keys",
      "list",
    ]);
    for (const [at, folder] of folders.entries()) {
      expect(items.filter(({ connection }) => connection === `openai-${folder}`)).toMatchObject([
        { purpose: `found in ~/three/${places[at]}` },
      ]);
      expect(await servedBy(places[at] ?? "")).toBe(`openai-${folder}/main`);
    }
    // Taken in again, each is known where it is, and its place still goes on with it.
    await undoAll();
    const { stored: known } = await adoptIn("three");
    expect(known.map(({ outcome }) => outcome)).toEqual(["known", "known", "known"]);
    for (const [at, folder] of folders.entries()) {
      expect(await servedBy(places[at] ?? "")).toBe(`openai-${folder}/main`);
    }
    await undoAll();
  }, 60_000);

  test("one that the vault has in reserve gets a connection of its own; one that was put out of use stays where it is", async () => {
    const [reserve, disabled] = [user.knownKey(newKey.openai()), user.knownKey(newKey.openai())];
    await user.addKey("openai", reserve, "--base-url", user.upstreamUrl, "--name", "reserve");
    await user.addKey("openai", disabled, "--base-url", user.upstreamUrl, "--name", "disabled");
    expect((await user.run(["keys", "disable", "openai/disabled"])).code).toBe(0);
    user.planted.write("spare/here/.env", `OPENAI_API_KEY=${reserve}\n`);
    user.planted.write("spare/there/.env", `OPENAI_API_KEY=${disabled}\n`);
    const { stored } = await adoptIn("spare");
    expect(stored.map(({ outcome, message }) => `${outcome} ${message}`).toSorted()).toEqual([
      "refused it is stored as openai/disabled, which is disabled",
      "stored null",
    ]);
    expect(read("spare/here/.env")).toContain("/c/openai-here/v1");
    expect(read("spare/there/.env")).toBe(`OPENAI_API_KEY=${disabled}\n`);
    await undoAll();
  }, 60_000);
});

test("of every place of a key it is told what becomes of it, however it is written there", async () => {
  const home = user.planted;
  const write = (name: string, text: string | Uint8Array) => home.write(`odd/${name}`, text);
  const [one, two, three] = [newKey.openai(), newKey.anthropic(), newKey.openai()];
  write("said.jsonl", `{"text":"here:\\n${one}\\nthanks"}\n`);
  write("utf16.env", Buffer.from(`\ufeffANTHROPIC_API_KEY=${two}\r\n`, "utf16le"));
  write("utf16.txt", Buffer.from(`key ${two}\r\n`, "utf16le"));
  write("coloured.log", `\u001b[1;32m${three}\u001b[0m and __${three}__\n`);
  write("secret.yaml", `data:\n  key: ${Buffer.from(three).toString("base64")}\n`);
  write("profile.ps1", `$env:MISTRAL_API_KEY = "${home.keyOf("mistral")}"\n`);
  write("proxy.yaml", `api_base: https://x.openai.azure.com/\napi_key: ${home.keyOf("azure")}\n`);
  const found = await user.json<{
    readonly keys: readonly {
      readonly provider: string;
      readonly places: readonly { readonly path: string }[];
    }[];
    readonly plans: readonly { readonly places: readonly { readonly path: string }[] }[];
  }>(["adopt", join(user.folder, "odd"), "--dry-run"]);
  expect(found.keys.map(({ provider }) => provider).toSorted()).toEqual([
    "anthropic",
    "azure",
    "mistral",
    "openai",
    "openai",
  ]);
  const told = found.plans.flatMap(({ places }) => places.map(({ path }) => path)).toSorted();
  expect(told).toEqual(found.keys.flatMap(({ places }) => places.map(({ path }) => path)).toSorted());
});

test("permissions are tightened with the key, and come back with it", async () => {
  const key = user.knownKey(newKey.anthropic());
  user.planted.write("open/.env", `ANTHROPIC_API_KEY=${key}\n`);
  const path = join(user.folder, "open/.env");
  chmodSync(path, 0o664);
  const { keys } = await adoptIn("open");
  expect(keys[0]?.exposed).toEqual([]);
  expect(statSync(path).mode & 0o777).toBe(0o600);
  await undoAll();
  expect(statSync(path).mode & 0o777).toBe(0o664);
}, 30_000);

test("logins of subscriptions are never taken, nor is what a provider refuses", async () => {
  const login = newKey.anthropicLogin();
  const dead = newKey.openai();
  const text = `ANTHROPIC_API_KEY=${login}\nOPENAI_API_KEY=${dead}\n`;
  user.planted.write("not/.env", text);
  const { stored, notTaken, files } = await adoptIn("not");
  expect(stored.map(({ outcome, verdict }) => ({ outcome, verdict }))).toEqual([
    { outcome: "refused", verdict: "invalid_key" },
  ]);
  expect(notTaken.map(({ hint }) => hint)).toEqual([expect.stringContaining("logins of subscriptions")]);
  expect(files).toEqual([]);
  expect(read("not/.env")).toBe(text);
}, 30_000);

test("with a provider out of reach the key is kept, and its file stays as it is, unless told otherwise", async () => {
  const key = user.knownKey(newKey.openai());
  const text = `OPENAI_API_KEY=${key}\nOPENAI_BASE_URL=http://127.0.0.1:9/v1\n`;
  user.planted.write("far/.env", text);
  const { code, stdout } = await user.run(["adopt", join(user.folder, "far"), "--yes", "--json"]);
  const { stored, files } = JSON.parse(stdout) as AdoptDocument;
  expect(code).toBe(1);
  expect(stored.map(({ outcome, verdict }) => ({ outcome, verdict }))).toEqual([
    { outcome: "stored", verdict: "untested" },
  ]);
  expect(files.map(({ outcome }) => outcome)).toEqual(["failed"]);
  expect(read("far/.env")).toBe(text);
  const offline = await adoptIn("far", "--offline");
  expect(offline.files.map(({ outcome }) => outcome)).toEqual(["changed"]);
  expect(read("far/.env")).not.toContain(key);
  await undoAll();
  expect(read("far/.env")).toBe(text);
}, 30_000);

test("a key that git holds is marked, and what to do is said", async () => {
  const key = user.knownKey(newKey.openai());
  user.planted.write("code/held/.env", `OPENAI_API_KEY=${key}\n`);
  user.planted.git("code/held", "init", "-q");
  user.planted.git("code/held", "add", "-f", ".env");
  user.planted.git("code/held", "commit", "-q", "-m", "key");
  const { stdout } = await user.run(["adopt", join(user.folder, "code/held"), "--yes"]);
  expect(stdout).toContain("a git repository holds it");
  expect(stdout).toContain("https://platform.openai.com/api-keys");
  const { items } = await user.json<{ items: readonly { readonly exposed?: readonly string[] }[] }>([
    "keys",
    "list",
  ]);
  expect(items.filter(({ exposed }) => exposed?.includes("git"))).toHaveLength(1);
  await undoAll();
}, 30_000);

test("an adoption whose undo copies are forgotten goes on working", async () => {
  const key = user.knownKey(newKey.openai());
  user.planted.write("kept/.env", `OPENAI_API_KEY=${key}\n`);
  await adoptIn("kept");
  await user.json(["tools", "undo", "purge", "--yes"]);
  // Whoever takes keys in again looks for virtual keys that nobody needs.
  user.planted.write("more/.env", `OPENAI_API_KEY=${key}\n`);
  await adoptIn("more");
  await undoAll();
  const [, credential] = /OPENAI_API_KEY=(\S+)/.exec(read("kept/.env")) ?? [];
  const [, base] = /OPENAI_BASE_URL=(\S+)/.exec(read("kept/.env")) ?? [];
  const response = await fetch(`${base}/models`, { headers: { authorization: `Bearer ${credential}` } });
  expect(response.status).toBe(200);
}, 30_000);

test("killed at any step, the next command leaves nothing half done", async () => {
  // What names the command leaves it where it is.
  const before = user.snapshot();
  const args = ["adopt", join(user.folder, ".config"), join(user.folder, ".gemini"), "--yes"];
  const began = performance.now();
  await user.json(args);
  const wholeMs = performance.now() - began;
  await undoAll();
  expect(user.changedSince(before)).toEqual([]);
  for (const part of [0.45, 0.55, 0.6, 0.65, 0.7, 0.75, 0.8, 0.85, 0.9, 0.95]) {
    await user.runKilled(args, wholeMs * part);
    await undoAll();
    expect({ part, changed: user.changedSince(before) }).toEqual({ part, changed: [] });
  }
  // And undoing as well.
  for (const part of [0.5, 0.7, 0.9]) {
    await user.json(args);
    await user.runKilled(["adopt", "undo", "--yes"], wholeMs * part * 0.6);
    await undoAll();
    expect({ part, changed: user.changedSince(before) }).toEqual({ part, changed: [] });
  }
  const { items } = await user.json<{ items: readonly { readonly name: string; readonly state: string }[] }>([
    "vk",
    "list",
  ]);
  const active = items.filter(({ name, state }) => name.startsWith("adopted:") && state === "active");
  expect(active.map(({ name }) => name)).toEqual(["adopted:kept"]);
}, 240_000);

describe("export", () => {
  test("references by default, a virtual key when asked, and never a provider key without a terminal", async () => {
    const { text } = await user.json<{ text: string }>(["export", "dotenv", "--connection", "openai"]);
    expect(text).toContain("OPENAI_API_KEY=ownkey://openai/own\n");
    const lent = await user.json<{ text: string }>(["export", "env", "--virtual-key", "scripts"]);
    const [, key] = /OPENAI_API_KEY='([^']+)'/.exec(lent.text) ?? [];
    const [, url] = /OPENAI_BASE_URL='([^']+)'/.exec(lent.text) ?? [];
    const response = await fetch(`${url}/chat/completions`, {
      method: "POST",
      headers: { authorization: `Bearer ${key}`, "content-type": "application/json" },
      body: JSON.stringify({ model: MODEL, messages: [{ role: "user", content: "hi" }] }),
    });
    expect(response.status).toBe(200);
    const { code, stdout } = await user.run(["export", "env", "--real"]);
    expect({ code, stdout }).toEqual({ code: 5, stdout: "" });
  });

  test("a file is for its owner alone, whatever was there before", async () => {
    user.planted.write("out.env", "old\n");
    const path = join(user.folder, "out.env");
    chmodSync(path, 0o644);
    await user.json(["export", "dotenv", "--output", path]);
    expect(statSync(path).mode & 0o777).toBe(0o600);
    expect(read("out.env")).toContain("ANTHROPIC_API_KEY=ownkey://anthropic/own\n");
  });
});
