// What holds for every editor: an edit changes its value and nothing else, whatever the layout, or is refused.
import { describe, expect, test } from "bun:test";
import * as fc from "fast-check";
import { stringify } from "yaml";
import { isJsonObject, type Json, type JsonObject } from "../../kernel/index.ts";
import type { FileFormat } from "../files/tool-file.ts";
import { documents, orRefused, paths, values } from "./editors.testing.ts";
import { editText } from "./edit-text.ts";
import { editorOf } from "./editors.ts";
import { sameValue, valueAt, withValue } from "./values.ts";

type Pick = (count: number) => number;

/** A document in one of the many ways in which people write it. */
const WRITERS: Readonly<Partial<Record<FileFormat, (document: JsonObject, pick: Pick) => string>>> = {
  toml: tomlText,
  yaml: yamlText,
  dotenv: dotenvText,
  shell: shellText,
};

const picks = fc.infiniteStream(fc.nat(10_000));

for (const [format, write] of Object.entries(WRITERS) as [FileFormat, (typeof WRITERS)["toml"]][]) {
  const flat = format === "dotenv" || format === "shell";
  const edited = (text: string, at: readonly (string | number)[], value: Json | undefined) =>
    editText(text, [{ at, value }], { format, path: "file" }).text;
  const anyDocument = flat
    ? fc.dictionary(variables(), texts(), { maxKeys: 5, noNullPrototype: true })
    : documents;
  const anyPath = flat ? variables().map((name) => [name]) : paths;
  const anyValue = flat ? texts() : values;

  describe(format, () => {
    test("an edit changes its value and no other, whatever the layout", () => {
      let refused = 0;
      let done = 0;
      const property = fc.property(
        anyDocument,
        picks,
        anyPath,
        fc.option(anyValue, { nil: undefined }),
        (document, stream, at, value) => {
          const text = write?.(document, (count) => (stream.next().value as number) % count) ?? "";
          const before = editorOf(format, "file").parse(text);
          const after = orRefused(() => edited(text, at, value));
          if (after === undefined) {
            refused++;
            return;
          }
          done++;
          const wanted =
            valueAt(before, at) === undefined && value === undefined ? before : withValue(before, at, value);
          expect(bare(editorOf(format, "file").parse(after))).toEqual(bare(wanted));
        },
      );
      fc.assert(property, { numRuns: 400 });
      expect(done).toBeGreaterThan(refused * 3);
    });

    test("what is there can be changed and taken out; what was added and taken out leaves nothing", () => {
      const property = fc.property(anyDocument, picks, anyValue, (document, stream, value) => {
        const text = write?.(document, (count) => (stream.next().value as number) % count) ?? "";
        const names = Object.keys(document);
        const name = names[(stream.next().value as number) % Math.max(1, names.length)];
        if (name !== undefined) {
          const gone = orRefused(() => edited(text, [name], undefined));
          if (gone !== undefined) {
            expect(sameValue(valueAt(editorOf(format, "file").parse(gone), [name]), undefined)).toBe(true);
          }
        }
        const added = orRefused(() => edited(text, ["ADDED_BY_US"], value));
        const back =
          added === undefined ? undefined : orRefused(() => edited(added, ["ADDED_BY_US"], undefined));
        if (back !== undefined)
          expect(back.trim().replace(/\n+/g, "\n")).toBe(text.trim().replace(/\n+/g, "\n"));
      });
      fc.assert(property, { numRuns: 200 });
    });

    test("of a text that makes no sense nothing but a refusal comes", () => {
      const unit = fc.constantFrom(
        "[",
        "]",
        "{",
        "}",
        "=",
        ":",
        "-",
        "#",
        '"',
        "'",
        "\n",
        " ",
        "a",
        "b.c",
        "|",
        "&",
        "*",
      );
      const garbage = fc.array(unit, { maxLength: 20 }).map((parts) => parts.join(""));
      const property = fc.property(garbage, anyPath, (text, at) => {
        try {
          const after = edited(text, at, "x");
          expect(valueAt(editorOf(format, "file").parse(after), at)).toBe("x");
        } catch (error) {
          expect(["damaged_file", "unsupported"]).toContain((error as { code: string }).code);
        }
      });
      fc.assert(property, { numRuns: 800 });
    });
  });
}

function variables(): fc.Arbitrary<string> {
  return fc.constantFrom("A", "B_1", "OPENAI_API_KEY", "OPENAI_BASE_URL", "_x");
}

function texts(): fc.Arbitrary<string> {
  const awkward = fc.constantFrom(
    "",
    "a b",
    "it's",
    'say "x"',
    "$HOME",
    "a#b",
    "a # b",
    "\\",
    "x\ny",
    "`id`",
    "é",
    "=",
  );
  return fc.oneof(
    awkward,
    fc.string({ maxLength: 10 }).filter((text) => !text.includes("\0")),
  );
}

function bare(value: Json | undefined): Json | undefined {
  if (!isJsonObject(value)) return value;
  const members = Object.entries(value).map(([name, member]) => [name, bare(member)] as const);
  return Object.fromEntries(
    members.filter(([, member]) => !isJsonObject(member) || Object.keys(member).length > 0),
  ) as Json;
}

function tomlText(document: JsonObject, pick: Pick): string {
  const name = (text: string) =>
    /^[A-Za-z0-9_-]+$/.test(text) ? text : JSON.stringify(text).replaceAll("\u007f", "\\u007f");
  const inline = (value: Json): string => {
    if (typeof value === "string") return JSON.stringify(value).replaceAll("\u007f", "\\u007f");
    if (Array.isArray(value)) {
      const [open, gap] = pick(2) === 0 ? ["[", " "] : ["[\n  # first\n  ", "\n  "];
      return `${open}${(value as readonly Json[]).map(inline).join(`,${gap}`)}]`;
    }
    if (isJsonObject(value)) {
      return `{ ${Object.entries(value)
        .map(([key, member]) => `${name(key)} = ${inline(member)}`)
        .join(", ")} }`;
    }
    return JSON.stringify(value);
  };
  const comment = () => ["", "", " # why", "\n", "\n# own line"][pick(5)] ?? "";
  const head: string[] = [];
  const tables: string[] = [];
  const table = (path: string[], members: JsonObject) => {
    const lines: string[] = [];
    const below: [string[], JsonObject][] = [];
    for (const [key, value] of Object.entries(members)) {
      if (isJsonObject(value) && pick(3) > 0) below.push([[...path, key], value]);
      else lines.push(`${pick(4) === 0 ? "  " : ""}${name(key)} = ${inline(value)}${comment()}`);
    }
    tables.push([`[${path.map(name).join(".")}]${comment()}`, ...lines].join("\n"));
    for (const [inner, value] of below) table(inner, value);
  };
  for (const [key, value] of Object.entries(document)) {
    if (isJsonObject(value) && pick(3) > 0) table([key], value);
    else if (isJsonObject(value) && Object.keys(value).length > 0 && pick(2) === 0) {
      for (const [inner, member] of Object.entries(value))
        head.push(`${name(key)}.${name(inner)} = ${inline(member)}`);
    } else head.push(`${name(key)} = ${inline(value)}${comment()}`);
  }
  return [...head, ...tables].join("\n") + (pick(3) === 0 ? "" : "\n");
}

function yamlText(document: JsonObject, pick: Pick): string {
  if (Object.keys(document).length === 0) return ["", "# nothing\n", "{}\n"][pick(3)] ?? "";
  const plain = stringify(document, {
    indent: [2, 4, 3][pick(3)] ?? 2,
    indentSeq: pick(2) === 0,
    lineWidth: 0,
    blockQuote: false,
    defaultStringType: (["PLAIN", "QUOTE_DOUBLE", "QUOTE_SINGLE"] as const)[pick(3)] ?? "PLAIN",
    collectionStyle: (["any", "any", "flow"] as const)[pick(3)] ?? "any",
  });
  const lines = plain
    .split("\n")
    .slice(0, -1)
    .flatMap((line) => {
      switch (pick(6)) {
        case 0:
          return [line, "# a comment"];
        case 1:
          return [line, ""];
        default:
          return [line];
      }
    });
  return lines.join("\n") + (pick(4) === 0 ? "" : "\n");
}

function dotenvText(document: JsonObject, pick: Pick): string {
  const lines = Object.entries(document).flatMap(([name, value]) => {
    const text = value as string;
    const escaped = text.replace(/[\\"$`]/g, "\\$&").replaceAll("\n", "\\n");
    const single = /['\n]/.test(text) ? `"${escaped}"` : `'${text}'`;
    const written = pick(2) === 0 ? `"${escaped}"` : single;
    const before = ["", "export ", "  "][pick(3)] ?? "";
    return [
      ...(pick(4) === 0 ? ["# about it", ""] : []),
      `${before}${name}=${written}${pick(3) === 0 ? " # why" : ""}`,
    ];
  });
  return lines.join("\n") + (pick(3) === 0 ? "" : "\n");
}

function shellText(document: JsonObject, pick: Pick): string {
  let text = ["", "# .bashrc\nalias ll='ls -l'\n", "export A=1", "if true; then\n\tx=1\nfi\n"][pick(4)] ?? "";
  for (const [name, value] of Object.entries(document)) {
    if (/[\r\n]/.test(value as string)) continue;
    text = editText(text, [{ at: [name], value }], { format: "shell", path: "file" }).text;
  }
  return text + (pick(2) === 0 ? "" : "export LATER=1\n");
}
