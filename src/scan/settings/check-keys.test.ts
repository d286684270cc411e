import { afterAll, beforeEach, expect, test } from "bun:test";
import { chmodSync, mkdirSync, mkdtempSync, realpathSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import type { Finding } from "../finding.ts";
import type { Place } from "../places.ts";
import { checkKeys } from "./check-keys.ts";
import type { KeyPlace } from "./key-place.ts";
import { accessOf } from "./readers.ts";

const root = realpathSync(mkdtempSync(join(tmpdir(), "ownkey-keys-")));
chmodSync(root, 0o755);
afterAll(() => rmSync(root, { recursive: true, force: true }));

let folder = "";
beforeEach(() => {
  folder = mkdtempSync(join(root, "f-"));
  chmodSync(folder, 0o755);
});

function put(path: string, mode = 0o600, text = "x"): string {
  const whole = join(folder, path);
  mkdirSync(dirname(whole), { recursive: true, mode: 0o755 });
  writeFileSync(whole, text, { mode });
  chmodSync(whole, mode);
  return whole;
}

function keyAt(path: string, place?: Partial<Place>, group = "one key"): KeyPlace {
  const finding: Finding = {
    type: "finding",
    rule: "openai-project",
    title: "OpenAI project key",
    severity: "high",
    origin: { kind: "file", path },
    line: 3,
    column: 5,
    masked: "sk-proj-…abcd",
    form: "plain",
    group,
    fix: "",
  };
  const whole: Place | undefined = place && {
    tool: "codex",
    path,
    format: "jsonc",
    purpose: "keys",
    scope: "user",
    ...place,
  };
  return { finding, path, place: whole };
}

const rulesFor = (...keys: KeyPlace[]) => checkKeys(keys).map(({ rule, severity }) => `${rule} ${severity}`);

const git = (...args: string[]) => {
  const { exitCode, stderr } = Bun.spawnSync(["git", ...args], { cwd: folder, stderr: "pipe" });
  if (exitCode !== 0) throw new Error(stderr.toString());
};

const needsModes = test.skipIf(process.platform === "win32");

needsModes("a tool's file with a key that others can read is told with the command that closes it", () => {
  const path = put("it's/auth.json", 0o644);
  const [finding] = checkKeys([keyAt(path, {})]);
  expect(finding).toMatchObject({ rule: "settings/permissions", severity: "medium", line: 0 });
  expect(finding?.title).toContain("every user of this machine");
  expect(finding?.fix).toStartWith("chmod 600 '");
  const command = Bun.spawnSync(["sh", "-c", finding?.fix ?? ""]);
  expect(command.exitCode).toBe(0);
  expect(checkKeys([keyAt(path, {})])).toEqual([]);
});

needsModes("folders above count for who really can read a file", () => {
  const path = put("closed/auth.json", 0o644);
  expect(accessOf(path)).toEqual({ byMode: "everyone", really: "everyone", writable: false });
  chmodSync(dirname(path), 0o700);
  expect(accessOf(path)?.really).toBe("owner");
  expect(rulesFor(keyAt(path, {}))).toEqual(["settings/permissions low"]);
  chmodSync(dirname(path), 0o710);
  expect(accessOf(path)?.really).toBe("group");
});

needsModes("source code, private files and what is gone have no permission to mend", () => {
  expect(rulesFor(keyAt(put("main.ts", 0o644)))).toEqual([]);
  expect(rulesFor(keyAt(put("auth.json", 0o600), {}))).toEqual([]);
  expect(rulesFor(keyAt(join(folder, "gone"), {}))).toEqual([]);
});

test("a key in a synced file says who uploads it, and belongs to the key", () => {
  const path = put("settings.json");
  const [finding] = checkKeys([keyAt(path, { tool: "vscode", synced: "VS Code Settings Sync" })]);
  expect(finding).toMatchObject({ rule: "settings/synced", severity: "high", line: 3, group: "one key" });
  expect(finding?.title).toContain("VS Code Settings Sync");
});

test("one key in several tools is told once; in a shell file and its history it is not", () => {
  const keys = ["codex", "aider", "codex", "shell"].map((tool, index) => keyAt(put(`f${index}`), { tool }));
  expect(rulesFor(...keys)).toEqual(["settings/shared-key low"]);
  expect(checkKeys(keys)[0]?.title).toContain("2 tools (Codex CLI, aider)");
  expect(
    rulesFor(keyAt(put("a"), { tool: "codex" }), keyAt(put("b"), { tool: "aider" }, "another key")),
  ).toEqual([]);
  expect(rulesFor(keyAt(put("c"), { tool: "codex" }), keyAt(put("d"), { tool: "shell" }))).toEqual([]);
});

test("a key in a file that git tracks is told; in an ignored or new file it is not", () => {
  const tracked = put("tracked [1].txt");
  const fresh = put("fresh.txt");
  git("init", "-q");
  git("add", "tracked [1].txt");
  expect(checkKeys([keyAt(tracked), keyAt(fresh)]).map(({ rule, origin }) => [rule, origin.path])).toEqual([
    ["settings/tracked", tracked],
  ]);
});

test("a key in a file that would be published is told; what is private, ignored or left out is not", () => {
  const manifest = (fields: object) =>
    put("package.json", 0o644, JSON.stringify({ name: "p", version: "1.0.0", ...fields }));
  const local = put(".claude/settings.local.json");
  manifest({});
  expect(rulesFor(keyAt(local))).toEqual(["settings/published critical"]);
  manifest({ files: ["dist"] });
  expect(rulesFor(keyAt(local))).toEqual([]);
  manifest({ files: ["dist", ".claude"] });
  expect(rulesFor(keyAt(local))).toEqual(["settings/published critical"]);
  manifest({ files: [".claude", "!.claude/settings.local.json"] });
  expect(rulesFor(keyAt(local))).toEqual([]);
  manifest({ private: true });
  expect(rulesFor(keyAt(local))).toEqual([]);
  manifest({});
  put(".npmignore", 0o644, "# local\n.claude/\n");
  expect(rulesFor(keyAt(local))).toEqual([]);
});

test("what stands in place of a manifest or an ignore file is not waited for, and ends nothing", () => {
  const local = put(".env");
  mkdirSync(join(folder, ".npmignore"));
  mkdirSync(join(folder, ".gitignore"));
  put("package.json", 0o644, JSON.stringify({ name: "p", version: "1.0.0" }));
  expect(rulesFor(keyAt(local))).toEqual(["settings/published critical"]);
  rmSync(join(folder, "package.json"));
  Bun.spawnSync(["mkfifo", join(folder, "package.json")]);
  expect(rulesFor(keyAt(local))).toEqual([]);
}, 10_000);

test("what is only information is checked no further", () => {
  const key = keyAt(put("settings.json"), { synced: "VS Code Settings Sync" });
  expect(checkKeys([{ ...key, finding: { ...key.finding, severity: "info" } }])).toEqual([]);
});
