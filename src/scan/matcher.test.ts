import { expect, test } from "bun:test";
import * as fc from "fast-check";
import { utf8 } from "../kernel/index.ts";
import { HintIndex } from "./hint-index.ts";
import { Matcher } from "./matcher.ts";
import { BASE62, BASE64URL, sample } from "./rules/sample.ts";
import { RULES } from "./rules.ts";
import { endOfRun, nextRun } from "./runs.ts";
import { isValueByte } from "./value-bounds.ts";

const matcher = new Matcher(RULES);

/** What the glance would lose: runs that match although it says that they do not. */
function lost(text: string): string[] {
  const bytes = utf8(text);
  const found: string[] = [];
  let end = 0;
  for (let start = nextRun(bytes, 0, bytes.length); start >= 0; start = nextRun(bytes, end, bytes.length)) {
    end = endOfRun(bytes, start);
    const match = matcher.match(bytes, start, end, true);
    if (match && !matcher.mayMatch(bytes, start, end)) found.push(match.rule.id);
  }
  return found;
}

test("the glance at a run loses no sample of any rule", () => {
  for (const rule of RULES) expect(rule.findsIn().flatMap(lost)).toEqual([]);
});

test("whatever stands before and in a run, the glance loses nothing", () => {
  const before = fc.constantFrom(
    "",
    " ",
    '"',
    "\\n",
    "%3D",
    "\u001b[32m",
    "--",
    "key=",
    "SG.",
    "hvs.",
    "x.",
    "\0",
  );
  const begin = fc.constantFrom("sk-", "gsk_", "AKIA", "eyJhbGci", "AA", "M", "_", "-", "client_secret=", "");
  const part = fc.tuple(before, begin, fc.nat(90), fc.nat(50)).map(([left, mark, length, seed]) => {
    return `${left}${mark}${sample(length, seed % 2 === 0 ? BASE62 : BASE64URL, seed)}`;
  });
  fc.assert(
    fc.property(fc.array(part, { maxLength: 8 }), (parts) => expect(lost(parts.join(""))).toEqual([])),
  );
});

test("a rule without hints says what its values begin with and how long they are", () => {
  for (const rule of RULES) {
    if (rule.kind !== "context" || rule.hints.length > 0) continue;
    const { begins, shortest } = rule.shape ?? { begins: "", shortest: 0 };
    const values = rule.findsIn().flatMap((text) => [...text.matchAll(new RegExp(rule.pattern.source, "g"))]);
    expect(values.length).toBeGreaterThan(0);
    for (const [value] of values) {
      expect(begins).toContain(value.slice(0, 1));
      expect(shortest).toBeLessThanOrEqual(Math.min(value.length, 255));
      expect([...utf8(value.slice(0, shortest))].every((byte) => isValueByte(byte))).toBeTrue();
    }
  }
});

test("hints are found where a plain search finds them, in any case", () => {
  const words = ["key", "token", "q~", "private key", "OpenAI".toLowerCase()];
  const index = new HintIndex(words);
  const piece = fc.constantFrom(
    "k",
    "K",
    "ey",
    "Ey",
    "tok",
    "EN",
    "Q",
    "~",
    "PRIVATE",
    " ",
    "openai",
    "é",
    "x",
    "`",
  );
  const text = fc.array(piece, { maxLength: 12 }).map((pieces) => pieces.join(""));
  fc.assert(
    fc.property(text, fc.nat(9), fc.nat(9), (content, before, after) => {
      const bytes = utf8(content);
      const part = Buffer.from(bytes)
        .toString("latin1")
        .slice(before, Math.max(0, bytes.length - after));
      const expected = words.some((word) => part.toLowerCase().includes(word));
      expect(index.standIn(bytes, before, Math.max(before, bytes.length - after))).toBe(expected);
    }),
  );
});
