import { expect, test } from "bun:test";
import {
  chmodSync,
  existsSync,
  mkdirSync,
  readFileSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { dirname, join } from "node:path";
import { codeOf, type TestTools, testTools } from "../tools.testing.ts";
import type { FileRequest } from "./change.ts";
import { maskedDiff } from "./diff.ts";

const MESSY = '\ufeff{\r\n\t// mine\r\n\t"a": 1, // one\r\n\t"env": { "B": "x", },\r\n}\r\n';

function put(home: string, path: string, text: string, mode = 0o644): string {
  const whole = join(home, path);
  mkdirSync(dirname(whole), { recursive: true });
  writeFileSync(whole, text);
  chmodSync(whole, mode);
  return whole;
}

const read = (path: string) => readFileSync(path, "utf8");
const modeOf = (path: string) => statSync(path).mode & 0o777;
const set = (path: string, at: readonly string[], value: string | undefined): FileRequest => ({
  path,
  format: "jsonc",
  edits: [{ at, value }],
});

async function applied({ changes }: TestTools, ...requests: FileRequest[]): Promise<string> {
  const change = await changes.apply("test", changes.plan(requests));
  return change?.id ?? "";
}

test("undo gives back every byte and the mode: BOM, CRLF, tabs, comments", async () => {
  using tools = testTools();
  const path = put(tools.home, "settings.json", MESSY, 0o640);
  const id = await applied(tools, { ...set(path, ["env", "URL"], "http://x"), makePrivate: true });
  expect(read(path)).toBe(MESSY.replace('"x",', '"x", "URL": "http://x",'));
  expect(modeOf(path)).toBe(0o600);
  await tools.changes.undo(id);
  expect(read(path)).toBe(MESSY);
  expect(modeOf(path)).toBe(0o640);
  expect(tools.store.stored.size).toBe(0);
});

test("a file and folders that a change made are gone after undo; a folder in use stays", async () => {
  using tools = testTools();
  const path = join(tools.home, "a/b/settings.json");
  const id = await applied(tools, set(path, ["x"], "y"));
  expect(modeOf(path)).toBe(0o600);
  expect(modeOf(join(tools.home, "a"))).toBe(0o700);
  put(tools.home, "a/other", "");
  await tools.changes.undo(id);
  expect(existsSync(join(tools.home, "a/b"))).toBe(false);
  expect(existsSync(join(tools.home, "a/other"))).toBe(true);
});

test("a link stays a link, and what it points to is changed and restored", async () => {
  using tools = testTools();
  const real = put(tools.home, "dotfiles/settings.json", "{}", 0o600);
  const link = join(tools.home, "settings.json");
  symlinkSync(real, link);
  const id = await applied(tools, set(link, ["x"], "y"));
  expect(statSync(link).isFile() && read(real)).toContain('"x"');
  await tools.changes.undo(id);
  expect(read(link)).toBe("{}");
});

test("after somebody else wrote the file, undo takes back our values only, and keeps theirs", async () => {
  using tools = testTools();
  const path = put(tools.home, "settings.json", '{\n  "key": "old",\n  "list": [1]\n}\n');
  const id = await applied(tools, {
    path,
    format: "jsonc",
    edits: [
      { at: ["key"], value: undefined },
      { at: ["list", 1], value: "ours" },
      { at: ["url"], value: "http://gateway" },
    ],
  });
  const theirs = JSON.parse(read(path)) as { list: unknown[] };
  theirs.list = [0, ...theirs.list];
  writeFileSync(path, JSON.stringify({ ...theirs, model: "new" }));
  await tools.changes.undo(id);
  expect(JSON.parse(read(path))).toEqual({ key: "old", list: [0, 1], model: "new" });
});

test("what a tool adds to our entry when it writes its file anew does not keep the entry from going, and what its format needs stays", async () => {
  using tools = testTools();
  const path = put(tools.home, "providers.json", '{ "providers": { "own": { "key": "k" } } }');
  const id = await applied(tools, {
    path,
    format: "jsonc",
    edits: [
      { at: ["providers", "ours"], value: { settings: { url: "http://x", list: ["a"] } } },
      { at: ["providers", "ours", "updatedAt"], value: "then" },
      { at: ["last"], value: "ours" },
      { at: ["version"], value: 1, stays: true },
    ],
  });
  const theirs = {
    version: 1,
    modes: {},
    providers: {
      own: { key: "k" },
      ours: { updatedAt: "now", settings: { added: 1, url: "http://x", list: ["a"] } },
    },
    last: "ours",
  };
  writeFileSync(path, JSON.stringify(theirs));
  await tools.changes.undo(id);
  expect(JSON.parse(read(path))).toEqual({ version: 1, modes: {}, providers: { own: { key: "k" } } });
});

test("a piece of text that cannot be found again is undone by force only", async () => {
  using tools = testTools();
  const path = put(tools.home, ".profile", "export KEY=secret\n");
  const request: FileRequest = { path, format: "text", pieces: [{ start: 11, end: 17, text: "other" }] };
  const id = await applied(tools, request);
  expect(read(path)).toBe("export KEY=other\n");
  writeFileSync(path, "export KEY=other # other\n");
  expect(await codeOf(() => tools.changes.undo(id))).toBe("conflict");
  await tools.changes.undo(id, { force: true });
  expect(read(path)).toBe("export KEY=secret\n");
});

test("a file that changed since it was planned is not touched, and neither are the others", async () => {
  using tools = testTools();
  const [one, two] = [put(tools.home, "one.json", "{}"), put(tools.home, "two.json", "{}")];
  const plan = tools.changes.plan([set(one, ["x"], "y"), set(two, ["x"], "y")]);
  writeFileSync(two, "{ }");
  expect(await codeOf(() => tools.changes.apply("test", plan))).toBe("conflict");
  expect([read(one), read(two), tools.store.stored.size]).toEqual(["{}", "{ }", 0]);
});

test("a file with errors, a second name, or too much in it is refused when it is planned", async () => {
  using tools = testTools();
  const broken = put(tools.home, "broken.json", '{ "a": ');
  expect(await codeOf(() => tools.changes.plan([set(broken, ["x"], "y")]))).toBe("damaged_file");
  const latin = put(tools.home, "latin.json", "{}");
  writeFileSync(latin, Uint8Array.of(0x7b, 0xe9, 0x7d));
  expect(await codeOf(() => tools.changes.plan([set(latin, ["x"], "y")]))).toBe("unsupported");
  symlinkSync(join(tools.home, "nowhere"), join(tools.home, "dangling.json"));
  expect(await codeOf(() => tools.changes.plan([set(join(tools.home, "dangling.json"), ["x"], "y")]))).toBe(
    "unsupported",
  );
});

test("what was interrupted between any two steps is put back by the next command", async () => {
  for (const crashAt of ["applying", "applied", "undoing"] as const) {
    using tools = testTools();
    const one = put(tools.home, "one.json", MESSY, 0o640);
    const two = join(tools.home, "new/two.json");
    tools.store.beforeSave = ({ state }) => {
      if (state === crashAt) throw new Error("crash");
    };
    const work = async () => {
      await tools.changes.undo(await applied(tools, set(one, ["x"], "y"), set(two, ["x"], "y")));
    };
    expect(await codeOf(work)).toBe("Error: crash");
    tools.store.beforeSave = () => {};
    await tools.changes.recover();
    const done = crashAt === "undoing";
    expect([read(one) === MESSY, modeOf(one) === 0o640, existsSync(two)]).toEqual([!done, true, done]);
    expect((await tools.changes.list()).map(({ state }) => state)).toEqual(done ? ["applied"] : []);
  }
});

test("nothing to change is no change", async () => {
  using tools = testTools();
  const path = put(tools.home, "settings.json", '{ "x": "y" }');
  expect(
    await applied(tools, set(path, ["x"], "y"), set(join(tools.home, "none.json"), ["x"], undefined)),
  ).toBe("");
});

test("a diff shows the lines that change, and no secret", () => {
  const key = `sk-${"k".repeat(40)}`;
  const bytes = (text: string) => new TextEncoder().encode(text);
  const parts = maskedDiff(bytes(`a\nb\nc\nkey: ${key}\nd\n`), bytes("a\nb\nc\nkey: none\nd\ne\n"), []);
  expect(parts).toEqual([
    {
      line: 2,
      lines: [
        { mark: " ", text: "b" },
        { mark: " ", text: "c" },
        { mark: "-", text: `key: sk-…kkkk` },
        { mark: "+", text: "key: none" },
        { mark: " ", text: "d" },
        { mark: "+", text: "e" },
      ],
    },
  ]);
});
