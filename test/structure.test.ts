// Imports go one way, type imports included: a room may import only what its row allows, and there is no cycle.
import { expect, test } from "bun:test";
import { Glob } from "bun";
import { readFileSync } from "node:fs";
import { dirname, join, relative } from "node:path";
import { ENTRIES } from "../scripts/executable.ts";

const source = join(import.meta.dir, "../src");
const anyDomain = [
  "kernel",
  "files",
  "store",
  "ledger",
  "audit",
  "access",
  "vault",
  "providers",
  "connections",
  "gateway",
];
const domains = [
  ...anyDomain,
  "usage",
  "budgets",
  "notify",
  "backup",
  "tools",
  "scan",
  "adopt",
  "service",
  "door",
];

/** Room → rooms it may import. docs/architecture.md explains them. */
const ROOMS: Readonly<Record<string, readonly string[]>> = {
  kernel: [],
  files: ["kernel"],
  providers: ["kernel"],
  store: ["kernel", "files"],
  ledger: ["kernel", "files"],
  tools: ["kernel", "files"],
  scan: ["kernel", "files", "providers", "tools"],
  adopt: [
    "kernel",
    "files",
    "store",
    "access",
    "audit",
    "vault",
    "providers",
    "connections",
    "scan",
    "tools",
  ],
  service: ["kernel", "files"],
  door: ["kernel", "files"],
  settings: ["kernel", "files"],
  audit: ["kernel", "store"],
  notify: ["kernel", "store"],
  access: ["kernel", "store", "audit"],
  vault: ["kernel", "files", "store", "access", "audit"],
  usage: ["kernel", "store", "ledger", "providers"],
  budgets: ["kernel", "files", "store", "access", "audit", "providers", "ledger", "usage"],
  connections: ["kernel", "store", "access", "audit", "vault", "providers"],
  gateway: [
    "kernel",
    "access",
    "vault",
    "providers",
    "connections",
    "ledger",
    "usage",
    "budgets",
    "audit",
    "store",
  ],
  backup: ["kernel", "files", "store", "access", "audit", "vault", "ledger"],
  doctor: [...domains, "settings"],
  control: [...domains, "doctor"],
  cli: ["control", "kernel"],
  program: [...domains, "control", "cli", "app.ts", "config.ts", "home.ts"],
};

/** Files at the top of `src`, and what they may import besides each other. */
const TOP: Readonly<Record<string, readonly string[]>> = {
  "home.ts": [],
  "config.ts": ["kernel", "settings", "home.ts"],
  "settings-view.ts": ["control", "settings", "config.ts"],
  "app.ts": [...domains, "doctor", "control", "config.ts", "settings-view.ts"],
  "main.ts": ["control", "program", "home.ts"],
};

const files = [...new Glob("**/*.{ts,tsx}").scanSync(source)].filter((file) => !file.endsWith(".test.ts"));

function importsOf(file: string): string[] {
  const text = readFileSync(join(source, file), "utf8");
  const pattern = /(?:\bfrom\s*|\bimport\s*\(\s*|\bimport\s+|new URL\(\s*)"(\.[^"]+)"/g;
  return [...text.matchAll(pattern)]
    .map((match) => relative(source, join(source, dirname(file), match[1] ?? "")))
    .filter((target) => !target.startsWith("..")); // package.json
}

const roomOf = (file: string) => (file.includes("/") ? (file.split("/")[0] ?? "") : file);

test("each room imports only the rooms below it", () => {
  const wrong: string[] = [];
  for (const file of files) {
    const room = roomOf(file);
    const allowed = ROOMS[room] ?? TOP[room];
    if (!allowed) {
      wrong.push(`${file}: "${room}" is not a known room`);
      continue;
    }
    for (const target of importsOf(file)) {
      const to = roomOf(target);
      if (to === room || allowed.includes(to)) continue;
      wrong.push(`${file} imports ${target}`);
    }
  }
  expect(wrong).toEqual([]);
});

/** Each is an entry of its own, so that a command loads only what it runs. */
const GROUP_OF_OPERATIONS = /^control\/operations\/[a-z-]+\.ts$/;

test("from another room only its index is imported", () => {
  const wrong = files
    .filter((file) => !(roomOf(file) in TOP))
    .flatMap((file) =>
      importsOf(file)
        .filter((target) => roomOf(target) !== roomOf(file) && target.includes("/"))
        .filter((target) => target.split("/").length > 2 || !target.endsWith("/index.ts"))
        .filter((target) => !GROUP_OF_OPERATIONS.test(target))
        .map((target) => `${file} imports ${target}`),
    );
  expect(wrong).toEqual([]);
});

/** Large, and needed later or never: each is loaded when something asks for it. */
const NOT_AT_START = ["zod", "@pydantic/genai-prices", "age-encryption", "@clack/prompts", "gpt-tokenizer"];

test("a start loads no schemas, prices or other libraries that only some commands need", () => {
  const loaded = new Map<string, string>();
  const visit = (file: string, way: string) => {
    if (loaded.has(file)) return;
    loaded.set(file, `${way} > ${file}`);
    const text = readFileSync(join(source, file), "utf8").replaceAll(/^(?:im|ex)port type [^;]*;/gms, "");
    for (const [, target = ""] of text.matchAll(/\bfrom\s*"([^"]+)"/g)) {
      if (!target.startsWith(".")) loaded.set(target, `${way} > ${file} > ${target}`);
      else if (target.endsWith(".ts")) visit(join(dirname(file), target), `${way} > ${file}`);
    }
  };
  for (const file of ["program/command-line.ts", "cli/up.ts"]) visit(file, "");
  expect(loaded.size).toBeGreaterThan(100);
  for (const name of NOT_AT_START) expect(loaded.get(name)).toBeUndefined();
});

test("no file reaches itself through imports", () => {
  const graph = new Map(
    files.map((file) => [file, importsOf(file).filter((target) => files.includes(target))]),
  );
  const done = new Set<string>();
  const cycles: string[] = [];
  const visit = (file: string, path: readonly string[]) => {
    const seenAt = path.indexOf(file);
    if (seenAt >= 0) cycles.push([...path.slice(seenAt), file].join(" -> "));
    if (seenAt >= 0 || done.has(file)) return;
    for (const target of graph.get(file) ?? []) visit(target, [...path, file]);
    done.add(file);
  };
  for (const file of files) visit(file, []);
  expect(cycles).toEqual([]);
});

test("every thread that the program starts is in the executable", () => {
  const started = [...new Glob("**/*.ts").scanSync(source)].flatMap((path) =>
    [...readFileSync(join(source, path), "utf8").matchAll(/workerUrl\("([^"]+)"\)/g)].map(
      ([, name]) => `${name}.ts`,
    ),
  );
  expect(started.toSorted()).toEqual(ENTRIES.filter((path) => path !== "main.ts").toSorted());
});
