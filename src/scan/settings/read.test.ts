import { expect, test } from "bun:test";
import * as fc from "fast-check";
import { readJsonc } from "./read-jsonc.ts";
import { readToml, readVariables, readYaml } from "./read-lines.ts";
import { readEntries } from "./settings-file.ts";

const flat = (entries: ReturnType<typeof readJsonc>) =>
  entries.map(({ path, value, line }) => `${path.join(".")}=${value}@${line}`);

test("JSON with comments, trailing commas, a BOM and doubled names is read, each value with its line", () => {
  const text = `\ufeff{\n  // why\n  "a": { "b": "one", },\n  "list": ["x", { "y": "z" }],\n  "a.b": "two",\n  "a": "three"\n}`;
  expect(flat(readJsonc(text))).toEqual([
    "a.b=one@3",
    "list.0=x@4",
    "list.1.y=z@4",
    "a.b=two@5",
    "a=three@6",
  ]);
});

test("of a broken JSON document what can be made out is read", () => {
  expect(flat(readJsonc(`{ "a": "one", "b": `))).toEqual(["a=one@1"]);
  expect(readJsonc("")).toEqual([]);
});

test("TOML tables, dotted and quoted names and inline tables are read", () => {
  const text = `model_provider = "gateway" # why\n[model_providers.gateway]\nbase_url = 'http://127.0.0.1:1/v1'\n[a."b.c"]\nx.y = "z"\nq = { api-version = "1" }\n`;
  expect(flat(readToml(text))).toEqual([
    "model_provider=gateway@1",
    "model_providers.gateway.base_url=http://127.0.0.1:1/v1@3",
    "a.b.c.x.y=z@5",
    "a.b.c.q.api-version=1@6",
  ]);
});

test("YAML by indentation, in lists, in flow form and with comments is read", () => {
  const text = `model: openai/gpt # why\nmodels:\n  - name: Gateway\n    apiBase: "http://127.0.0.1/v1"\n  - { name: Two, apiKey: abc }\nafter: 'x'\nblock: |\n  text\n`;
  expect(flat(readYaml(text))).toEqual([
    "model=openai/gpt@1",
    "models.name=Gateway@3",
    "models.apiBase=http://127.0.0.1/v1@4",
    "models.name=Two@5",
    "models.apiKey=abc@5",
    "after=x@6",
  ]);
});

test("variables are read from every shell's way of setting them, and from nothing that only mentions them", () => {
  const text = [
    "export A=one",
    "B='two words' # why",
    "set -gx C three",
    'setenv D "four"',
    '$env:E = "five"',
    "# export F=six",
    "echo $G",
    "set -x H seven",
  ].join("\n");
  expect(flat(readVariables(text))).toEqual([
    "A=one@1",
    "B=two words@2",
    "C=three@3",
    "D=four@4",
    "E=five@5",
    "H=seven@8",
  ]);
});

test("no text makes a reader fail, and lines are always within the text", () => {
  const formats = ["jsonc", "toml", "yaml", "dotenv", "shell", "text"] as const;
  const texts = fc.oneof(
    fc.string({ unit: "binary", maxLength: 200 }),
    fc
      .array(
        fc.constantFrom(
          "{",
          "}",
          "[",
          "]",
          '"',
          "'",
          "=",
          ":",
          "-",
          "a",
          "export ",
          "\n",
          " ",
          ",",
          "#",
          ".",
        ),
        { maxLength: 60 },
      )
      .map((parts) => parts.join("")),
  );
  fc.assert(
    fc.property(texts, fc.constantFrom(...formats), (text, format) => {
      const lines = text.split("\n").length;
      for (const entry of readEntries(text, format)) {
        expect(entry.line).toBeWithin(1, lines + 1);
        expect(entry.column).toBeGreaterThan(0);
      }
    }),
  );
});

/** Each was gone through in half a minute once, or filled the memory. */
test.each([
  ["yaml", `${" ".repeat(4090)}x\n`],
  ["yaml", `{${"a".repeat(4090)}}\n`],
  ["yaml", `a: x${" ".repeat(4080)}y\n`],
  ["yaml", Array.from({ length: 1900 }, (_, indent) => `${" ".repeat(indent)}a:`).join("\n")],
  ["toml", `a = {${"a".repeat(4080)}}\n`],
  ["toml", `[${Array.from({ length: 2000 }, () => "a").join(".")}]\n${'a = "b"\n'.repeat(2000)}`],
] as const)(
  "a %s file made to be slow takes no longer than another one of its size",
  (format, part) => {
    const text = part.repeat(Math.ceil(2_000_000 / part.length));
    expect(readEntries(text, format).length).toBeLessThan(text.length / 10);
  },
  10_000,
);

test("nothing is nested too deep for the readers", () => {
  for (const deep of ["[".repeat(1_000_000), '{"a":'.repeat(300_000)]) {
    expect(readEntries(deep, "jsonc")).toEqual([]);
  }
  expect(readEntries(`{"a": ${"[".repeat(30)}"x"${"]".repeat(30)}}`, "jsonc")).toHaveLength(1);
});
