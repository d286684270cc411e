import { describe, expect, test } from "bun:test";
import * as fc from "fast-check";
import { runCommand } from "./cli.testing.ts";
import type { CliContext } from "./context.ts";
import { fields, jsonText, paint, printable, table, terminalText, shellWord } from "./output.ts";

const CONTROL = /[\u0000-\u0009\u000b-\u001f\u007f-\u009f\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]/;

describe("what others wrote cannot steer the terminal", () => {
  test("a cell is one line without control characters, whatever is in it", () => {
    fc.assert(
      fc.property(fc.string({ unit: "binary" }), (text) => {
        expect(printable(text)).not.toMatch(
          /[\u0000-\u001f\u007f-\u009f\u061c\u200e\u200f\u2028\u2029\u202a-\u202e\u2066-\u2069]/,
        );
      }),
    );
  });

  test("JSON has no control character and says the same", () => {
    fc.assert(
      fc.property(fc.string({ unit: "binary" }), (text) => {
        expect(jsonText({ text })).not.toMatch(CONTROL);
        expect(JSON.parse(jsonText({ text }))).toEqual({ text });
      }),
    );
  });

  test("lines keep their breaks and our colours, and nothing else", () => {
    const colour = { colour: true } as CliContext;
    const text = `${paint(colour, "red", "a\u001b[2Jb")}\nc\u001b]0;title\u0007d\u009b31m\u202e`;
    expect(terminalText(text)).toBe("\u001b[31ma\ufffd[2Jb\u001b[0m\nc\ufffd]0;title\ufffdd\ufffd31m\ufffd");
    expect(paint({ colour: false } as CliContext, "red", "a")).toBe("a");
  });

  test("a provider's words in a test's result, in a warning and in an error", async () => {
    const evil = "pay\u001b[2J\u001b]8;;http://evil\u0007\u009b1m\rnow";
    const answers = {
      "keys.test": {
        verdict: "ok",
        explanation: evil,
        providerText: evil,
        link: null,
        proves: evil,
        curl: evil,
      },
      "models.list": { items: [], problems: [evil] },
      "keys.list": () => {
        throw new Error(evil);
      },
      "keys.show": { connection: evil, name: evil, provider: evil },
    };
    for (const argv of [["keys", "test", "x"], ["models"], ["keys", "list"], ["keys", "show", "x"]]) {
      for (const more of [[], ["--json"]]) {
        const { stdout, stderr } = await runCommand([...argv, ...more], { answers });
        expect(stdout + stderr).not.toMatch(CONTROL);
      }
    }
  });
});

describe("tables", () => {
  const columns = [
    { title: "name", of: (item: { name: string; n: number | null }) => item.name },
    { title: "n", of: (item: { name: string; n: number | null }) => item.n, right: true },
  ];

  test("are as wide as their widest cell, counted in the terminal's columns", () => {
    const items = [
      { name: "日本語", n: 1 },
      { name: "e\u0301te\u0301", n: 200 },
      { name: "👩‍💻", n: null },
    ];
    expect(table(items, columns, "none").split("\n")).toEqual([
      "NAME      N",
      "日本語    1",
      "e\u0301te\u0301     200",
      "👩‍💻",
    ]);
  });

  test("say in words that there is nothing", () => {
    expect(table([], columns, "nothing yet")).toBe("nothing yet");
  });

  test("every line has the same shape, whatever the cells hold", () => {
    fc.assert(
      fc.property(fc.array(fc.string(), { minLength: 1, maxLength: 5 }), (names) => {
        const lines = table(
          names.map((name) => ({ name, n: 1 })),
          columns,
          "",
        ).split("\n");
        expect(lines).toHaveLength(names.length + 1);
        expect(new Set(lines.map((line) => Bun.stringWidth(line))).size).toBe(1);
      }),
    );
  });
});

test("fields leave out what is absent and line up what is there", () => {
  expect(
    fields([
      ["a", 1],
      ["long name", "x"],
      ["gone", null],
      ["empty", ""],
      ["zero", 0],
    ]),
  ).toBe("a          1\nlong name  x\nzero       0");
});

test("a word for a shell is what was meant, and fit for a terminal", () => {
  for (const text of [
    "a b",
    "it's",
    "-x",
    "\u001b[31mred",
    "new\nline",
    "\u202ertl",
    "ünï'\n",
    "$(id) `id` \\",
  ]) {
    const word = shellWord(text);
    expect(printable(word)).toBe(word);
    const { stdout } = Bun.spawnSync(["bash", "-c", `printf %s ${word}`], { env: { LC_ALL: "C.UTF-8" } });
    expect(stdout.toString()).toBe(text);
  }
});
