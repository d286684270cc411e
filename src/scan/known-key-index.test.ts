import { expect, test } from "bun:test";
import * as fc from "fast-check";
import { concatBytes, Secret, systemRandomness, utf8 } from "../kernel/index.ts";
import { KnownKeyIndex } from "./known-key-index.ts";
import { BASE62, sample } from "./rules/sample.ts";
import { scanBytes, scanText } from "./scan.testing.ts";

/** No rule knows it. */
const plain = `z${sample(30, BASE62, 5)}-_${sample(17, BASE62, 8)}q`;
const odd = `pa/ss+${sample(40, BASE62, 6)}.${sample(30, BASE62, 7)}"=`;

function indexOf(...secrets: string[]): KnownKeyIndex {
  const entries = secrets.map((secret, at) => ({ key: { name: `key ${at}` }, secret: new Secret(secret) }));
  return new KnownKeyIndex(entries, systemRandomness);
}

const base64 = (text: string) => Buffer.from(text).toString("base64");
const wrapAt = (text: string, size: number, glue: string) =>
  text.match(new RegExp(`.{1,${size}}`, "g"))?.join(glue) ?? "";

test.each<[string, (key: string) => string, string]>([
  ["plain", (key) => `key is ${key}.`, "plain"],
  ["within a longer name", (key) => `prefix-${key}-suffix`, "plain"],
  ["in JSON", (key) => JSON.stringify({ key }), "plain|json"],
  ["in JSON within JSON", (key) => JSON.stringify(JSON.stringify({ key: `\n${key}` })), "plain|json"],
  ["in a URL", (key) => `https://h.example/?k=${encodeURIComponent(key)}&x`, "plain|url"],
  [
    "in a URL, all of its marks encoded",
    (key) => `k=${key.replace(/[-_.]/g, (mark) => `%${mark.charCodeAt(0).toString(16)}`)}`,
    "url",
  ],
  [
    "escaped by code",
    (key) => `"${key.replaceAll("-", String.raw`\u002d`).replaceAll("_", String.raw`\u005F`)}"`,
    "plain|json",
  ],
  ["in base64", (key) => `value: ${base64(key)}`, "base64"],
  ["in base64 after one more byte", (key) => base64(`:${key}`), "base64"],
  ["in base64, as Basic credentials", (key) => `Basic ${base64(`ab:${key}:c`)}`, "base64"],
  ["in base64 for URLs", (key) => Buffer.from(`x${key}`).toString("base64url"), "base64"],
  [
    "in base64, wrapped",
    (key) => wrapAt(base64(`A=1\nKEY=${key}\nB=${"2".repeat(100)}`), 64, "\n  "),
    "base64|wrapped",
  ],
  ["wrapped in lines", (key) => wrapAt(key, 30, "\n"), "wrapped"],
  ["wrapped with a backslash", (key) => wrapAt(key, 24, "\\\n    "), "wrapped"],
  ["wrapped as quoted-printable", (key) => wrapAt(key, 26, "=\r\n"), "wrapped"],
  ["in two strings", (key) => `const k = "${wrapAt(key, 25, '" +\n  "')}";`, "wrapped"],
  ["in two strings on a line", (key) => `k = '${wrapAt(key, 25, "' '")}'`, "wrapped"],
  ["in a quoted mail", (key) => `> ${wrapAt(key, 25, "\n> ")}`, "wrapped"],
])("a known key is found %s", (_name, write, forms) => {
  for (const key of [plain, ...(forms.startsWith("plain") || forms.startsWith("base64") ? [odd] : [])]) {
    const known = indexOf(sample(50, BASE62, 99), key);
    const hits = scanText(`before\n${write(key)}\nafter`, { known });
    expect(hits.map((hit) => hit.known?.key.name)).toEqual(["key 1"]);
    expect(forms.split("|")).toContain(hits[0]?.known?.form ?? "");
    expect(JSON.stringify(hits)).not.toContain(key.slice(4, 16));
  }
});

test("nothing but the whole key is ever reported", () => {
  const known = indexOf(plain);
  const anywhere = fc.nat(plain.length - 1);
  fc.assert(
    fc.property(anywhere, fc.constantFrom("", "X", " ", "\n", "%41", "\\n\\n"), (at, instead) => {
      fc.pre(plain[at] !== "X" && plain[at] !== "A");
      const changed = `${plain.slice(0, at)}${instead}${plain.slice(at + 1)}`;
      expect(scanText(`k=${changed} ${base64(changed)}`, { known })).toEqual([]);
    }),
  );
  expect(scanText(plain.slice(0, -1), { known })).toEqual([]);
  expect(scanText(plain.slice(1), { known })).toEqual([]);
});

test("whatever stands around it and however the stream is cut, a known key is found once", () => {
  const known = indexOf(plain);
  fc.assert(
    fc.property(
      fc.string(),
      fc.string(),
      fc.integer({ min: 1, max: 200 }),
      fc.boolean(),
      (before, after, chunkBytes, inner) => {
        const text = inner ? base64(`${before}${plain}${after}`) : `${before}${plain}${after}`;
        expect(scanText(text, { known, chunkBytes }).map((hit) => hit.known?.key.name)).toEqual(["key 0"]);
      },
    ),
  );
});

test("within a row of megabytes a known key is found once, wherever chunks are cut", () => {
  const known = indexOf(plain);
  const blob = utf8(sample(90_000, BASE62, 3));
  for (let shift = 0; shift < 70; shift++) {
    const content = concatBytes(blob.subarray(0, 40_000 - shift), utf8(plain), blob);
    expect(scanBytes(content, { known, chunkBytes: 20_000 }).length).toBe(1);
  }
});

test("of a thousand keys each is found, next to one another, and none by mistake", () => {
  const keys = Array.from({ length: 1000 }, (_, at) => `k${sample(39, BASE62, at + 1)}`);
  const known = indexOf(...keys);
  const some = keys.slice(0, 300);
  const hits = scanText(some.join("\n"), { known });
  expect(hits.map((hit) => hit.known?.key.name)).toEqual(some.map((_, at) => `key ${at}`));
  expect(scanText(sample(200_000, BASE62, 5000), { known })).toEqual([]);
});

test("keys too short to be looked for are named; after closing nothing is found", () => {
  const known = indexOf(plain, "short", `${sample(19)}.${sample(19)}`);
  expect(known.tooShort).toEqual(["key 1", "key 2"]);
  known.close();
  expect(scanText(plain, { known })).toEqual([]);
});
