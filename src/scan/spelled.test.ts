/** Keys that no vault holds, written in other ways than they are: found whole, and named by what they end with. */
import { describe, expect, test } from "bun:test";
import * as fc from "fast-check";
import { BASE62, BASE64URL, HEX, sample } from "./rules/sample.ts";
import { scanText } from "./scan.testing.ts";

const openAi = (seed: number, [before, after]: readonly [number, number] = [58, 58]) =>
  `sk-${"proj"}-${sample(before, BASE64URL, seed)}T3Blbk${"FJ"}${sample(after - 1, BASE64URL, seed + 1)}z`;
const KEYS: Readonly<Record<string, (seed: number) => string>> = {
  "openai-project": (seed) => openAi(seed),
  "anthropic-api": (seed) => `sk-${"ant"}-api03-${sample(93, BASE64URL, seed)}AA`,
  "google-standard": (seed) => `AI${"za"}${sample(34, BASE64URL, seed)}x`,
  groq: (seed) => `gs${"k_"}${sample(52, BASE62, seed)}`,
  openrouter: (seed) => `sk-${"or"}-v1-${sample(64, HEX, seed)}`,
  xai: (seed) => `xa${"i-"}${sample(80, BASE62, seed)}`,
};

function only(text: string): { rule: string | undefined; secret: string; form: string }[] {
  return scanText(text).map(({ rule, secret, form }) => ({ rule: rule?.id, secret, form }));
}

const hex = (character: string) => character.charCodeAt(0).toString(16).padStart(2, "0");
const SPELLINGS: Readonly<Record<string, readonly [form: string, write: (key: string) => string]>> = {
  percent: ["url", (key) => `?k=${key.replaceAll(/[-_]/g, (dash) => `%${hex(dash).toUpperCase()}`)}&x=1`],
  unicode: ["json", (key) => `{"k":"${key.replaceAll(/[-_]/g, (dash) => `\\u00${hex(dash)}`)}"}`],
  "JSON in JSON": ["json", (key) => `"{\\"k\\":\\"${key.replaceAll("-", "\\\\\\\\u002d")}\\"}"`],
  fish: [
    "json",
    (key) => `SETUVAR --export NAME:${key.replaceAll(/[^A-Za-z0-9/_]/g, (other) => `\\x${hex(other)}`)}\n`,
  ],
  "lines of a text": ["wrapped", (key) => `a: >-\n  ${key.slice(0, 33)}\n  ${key.slice(33)}\nNEXT=1\n`],
  "strings of a program": ["wrapped", (key) => `k = "${key.slice(0, 36)}" +\n    "${key.slice(36)}";\n`],
  "strings side by side": ["wrapped", (key) => `k = ("${key.slice(0, 36)}" "${key.slice(36)}")`],
  "a line that goes on": [
    "wrapped",
    (key) => `export K=${key.slice(0, 35)}\\\n${key.slice(35)}\nexport B=2\n`,
  ],
  mail: ["wrapped", (key) => `it is ${key.slice(0, 34)}=\r\n${key.slice(34)} thanks`],
};

describe.each(Object.entries(KEYS))("%s", (rule, make) => {
  test.each(Object.entries(SPELLINGS))("written as %s", (_name, [form, write]) => {
    for (const seed of [1, 2, 3]) {
      const key = make(seed);
      const text = write(key);
      // There may be nothing in it to escape.
      const isAsItIs = text.includes(key);
      expect(only(text)).toEqual([{ rule, secret: key, form: isAsItIs ? "plain" : form }]);
    }
  });

  test("as part of a text that marks it", () => {
    const key = make(5);
    expect(only(`__${key}__ **${key}** _${key}_`).map(({ secret }) => secret)).toEqual([key, key, key]);
  });

  test("encoded, alone and within something", () => {
    const key = make(6);
    const encode = (text: string) => Buffer.from(text).toString("base64");
    const login = encode(JSON.stringify({ auths: { "host.example": { auth: encode(`ada:${key}`) } } }));
    const lines = encode(`A=1\nKEY=${key}\nB=2\n`.repeat(1)).replaceAll(/.{76}/g, "$&\n    ");
    for (const text of [
      `  key: ${encode(key)}\n  other: ${sample(40)}`,
      `Authorization: Basic ${encode(`user:${key}`)}`,
      `.dockerconfigjson: ${login}`,
      `.env: |\n    ${lines}\nkind: Secret`,
    ]) {
      expect(only(text).filter((one) => one.secret === key)).toEqual([{ rule, secret: key, form: "base64" }]);
    }
  });
});

test("halves of an OpenAI key may differ in length", () => {
  for (const halves of [
    [58, 74],
    [74, 58],
    [74, 74],
  ] as const) {
    const key = openAi(9, halves);
    expect(only(`"${key.slice(0, 60)}"\n"${key.slice(60)}"`).map(({ secret }) => secret)).toEqual([key]);
  }
});

test("what stands in the next line is not taken for a part of a key that is whole, or that lacks one", () => {
  const key = openAi(3);
  expect(only(`${key}\nOTHER_NAME_OF_A_VARIABLE=1`).map(({ secret }) => secret)).toEqual([key]);
  const part = key.slice(0, 60);
  expect(only(`${part}\nanother_line_of_this_file`).map(({ secret }) => secret)).toEqual([part]);
});

test("a name tells whose key an encoded value is", () => {
  const value = sample(32, BASE62, 4);
  const encoded = Buffer.from(value).toString("base64");
  expect(only(`data:\n  MISTRAL_API_KEY: ${encoded}\n`)).toEqual([
    { rule: "provider-variable", secret: value, form: "base64" },
  ]);
});

test("encoded texts, pictures and random values hold no secret", () => {
  const words = Buffer.from("the quick brown fox jumps over the lazy dog, and again. ".repeat(20));
  expect(only(`data:text/plain;base64,${words.toString("base64")}`)).toEqual([]);
  fc.assert(
    fc.property(fc.uint8Array({ minLength: 20, maxLength: 200 }), (bytes) => {
      expect(only(`x: ${Buffer.from(bytes).toString("base64")}`)).toEqual([]);
    }),
  );
});

test("colours with several numbers do not cling to a key", () => {
  const key = KEYS["groq"]?.(1) ?? "";
  for (const colour of ["1", "1;32", "0;38;5;10", "38;2;255;255;255"]) {
    expect(only(`\u001b[${colour}m${key}\u001b[0m`).map(({ secret }) => secret)).toEqual([key]);
  }
});
