import { expect, test } from "bun:test";
import * as fc from "fast-check";
import type { Json } from "../../kernel/index.ts";
import { editText } from "./edit-text.ts";
import { documents, orRefused, paths, values } from "./editors.testing.ts";
import type { ValuePath } from "./editor.ts";
import { jsoncEditor } from "./jsonc-editor.ts";
import { sameValue, valueAt, withValue } from "./values.ts";

const edited = (text: string, at: ValuePath, value: Json | undefined) =>
  editText(text, [{ at, value }], { format: "jsonc", path: "settings.json" }).text;

test("a value is added as the last one, in the layout of those before it", () => {
  const cases: readonly [string, ValuePath, Json, string][] = [
    ["", ["a"], 1, '{\n  "a": 1\n}\n'],
    ["{}", ["a"], 1, '{\n  "a": 1\n}'],
    ["// only a comment\n", ["a"], 1, '// only a comment\n{\n  "a": 1\n}\n'],
    ['{"a":1}', ["b"], "x", '{"a":1, "b": "x"}'],
    ['{\n\t"a": 1\n}', ["b"], "x", '{\n\t"a": 1,\n\t"b": "x"\n}'],
    ['{\r\n    "a": 1, // one\r\n}\r\n', ["b"], 2, '{\r\n    "a": 1, // one\r\n    "b": 2,\r\n}\r\n'],
    ['{\n  "a": 1 // one\n  // end\n}', ["b"], 2, '{\n  "a": 1, // one\n  "b": 2\n  // end\n}'],
    ['{ "env": { /* none */ } }', ["env", "x"], "y", '{ "env": { /* none */\n  "x": "y"\n} }'],
    ['{\n  "env": null\n}', ["env", "x"], "y", '{\n  "env": {\n    "x": "y"\n  }\n}'],
    [
      '{\n  "l": [\n    1,\n  ]\n}',
      ["l", 1],
      { a: 1 },
      '{\n  "l": [\n    1,\n    {\n      "a": 1\n    },\n  ]\n}',
    ],
  ];
  for (const [before, at, value, after] of cases) expect(edited(before, at, value)).toBe(after);
});

test("what is taken out takes its line along, and leaves comments", () => {
  const cases: readonly [string, ValuePath, string][] = [
    ['{\n  "a": 1,\n  "b": 2\n}', ["b"], '{\n  "a": 1\n}'],
    ['{\n  "a": 1,\n  // two\n  "b": 2 // b\n}', ["b"], '{\n  "a": 1\n  // two\n  // b\n}'],
    ['{\n  "a": 1,\n  "b": 2,\n}', ["a"], '{\n  "b": 2,\n}'],
    ['{ "a": 1, "b": 2 }', ["a"], '{ "b": 2 }'],
    ['{ "a": 1, "b": 2 }', ["b"], '{ "a": 1 }'],
    ['{ "a": 1, "b": 2, "a": 3 }', ["a"], '{ "b": 2 }'],
    ['{ "l": [1, 2] }', ["l", 0], '{ "l": [2] }'],
    ['{ "a": 1 }', ["x", "y"], '{ "a": 1 }'],
  ];
  for (const [before, at, after] of cases) expect(edited(before, at, undefined)).toBe(after);
});

/** Comments, commas and white space wherever they may stand. */
function messy(value: Json, pick: () => number): string {
  const space = () => ["", " ", "\n", "\t", " // c, }\n", ' /* ] " */ ', "\r\n  "][pick() % 7] ?? "";
  const list = (items: string[]) => {
    const last = items.length > 0 && pick() % 2 === 0 ? `,${space()}` : "";
    return items.join(`${space()},${space()}`) + last;
  };
  if (Array.isArray(value)) {
    return `[${space()}${list((value as readonly Json[]).map((item) => messy(item, pick)))}${space()}]`;
  }
  if (typeof value === "object" && value !== null) {
    const members = Object.entries(value).map(
      ([name, member]) => `${JSON.stringify(name)}${space()}:${space()}${messy(member, pick)}`,
    );
    return `{${space()}${list(members)}${space()}}`;
  }
  return JSON.stringify(value);
}

const picks = fc.infiniteStream(fc.nat(1000));

test("whatever the layout, an edit changes its value and nothing else", () => {
  fc.assert(
    fc.property(
      documents,
      picks,
      paths,
      fc.option(values, { nil: undefined }),
      (document, stream, at, value) => {
        const pick = () => stream.next().value as number;
        const text = `${messy(document, pick)}\n`;
        const before = jsoncEditor.parse(text);
        expect(before).toEqual(document);
        const changed = orRefused(() => edited(text, at, value));
        if (changed === undefined) return;
        const after = jsoncEditor.parse(changed);
        const wanted =
          valueAt(before, at) === undefined && value === undefined ? before : withValue(before, at, value);
        expect(sameValue(after, wanted)).toBe(true);
      },
    ),
    { numRuns: 1500 },
  );
});

test("what was added and is taken out again leaves the text as it was, up to white space and a comma", () => {
  fc.assert(
    fc.property(documents, picks, values, (document, stream, value) => {
      const text = messy(document, () => stream.next().value as number);
      const back = edited(edited(text, ["added by us"], value), ["added by us"], undefined);
      const bare = (whole: string) => whole.replace(/[\s,]/g, "");
      expect(bare(back)).toBe(bare(text));
    }),
    { numRuns: 500 },
  );
});

test("no garbage makes it throw anything but that the file has errors", () => {
  fc.assert(
    fc.property(
      fc.string({
        unit: fc.constantFrom("{", "}", "[", "]", ":", ",", '"', "\\", "/", "*", " ", "\n", "a", "1", "-"),
      }),
      paths,
      (text, at) => {
        try {
          jsoncEditor.parse(edited(text, at, "x"));
        } catch (error) {
          expect(["damaged_file", "unsupported"]).toContain((error as { code: string }).code);
        }
      },
    ),
    { numRuns: 2000 },
  );
});
