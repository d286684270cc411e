import { expect, test } from "bun:test";
import * as fc from "fast-check";
import { concatBytes, utf8 } from "../kernel/index.ts";
import { endOfRun, nextRun, SHORTEST_RUN } from "./runs.ts";
import { BASE62, BASE64URL, sample } from "./rules/sample.ts";
import { Matcher } from "./matcher.ts";
import { RULES } from "./rules.ts";
import { ruleIdsIn, scanBytes, scanText } from "./scan.testing.ts";
import { type Hit, StreamScanner } from "./stream-scanner.ts";

const plainOptions = { matcher: new Matcher(RULES), known: undefined, namesTell: true };

const key = (seed: number) => `gsk_${sample(52, BASE62, seed)}`;

test("runs are found exactly as a plain search finds them", () => {
  const text = fc.array(
    fc.constantFrom("a", "Z", "0", "_", "-", " ", ".", "é", "a".repeat(9), "b".repeat(21)),
    {
      maxLength: 60,
    },
  );
  fc.assert(
    fc.property(text, (parts) => {
      const bytes = utf8(parts.join(""));
      const found: string[] = [];
      for (let at = nextRun(bytes, 0, bytes.length); at >= 0;) {
        const end = endOfRun(bytes, at);
        found.push(`${at}-${end}`);
        at = nextRun(bytes, end, bytes.length);
      }
      const latin = Buffer.from(bytes).toString("latin1");
      const expected = [...latin.matchAll(new RegExp(`[A-Za-z0-9_-]{${SHORTEST_RUN},}`, "g"))];
      expect(found).toEqual(expected.map((match) => `${match.index}-${match.index + match[0].length}`));
    }),
  );
});

test("however a stream is cut, the same secrets are found at the same places", () => {
  const filler = "const someOrdinaryLine = anotherCall(42); // é ü\n";
  const text = `${filler.repeat(200)}a: ${key(1)}\n${filler.repeat(170)}${filler.trim()} b="${key(2)}"\n${filler.repeat(30)}c=${key(3)}`;
  const whole = scanText(text);
  expect(whole.map(({ line }) => line)).toEqual([201, 372, 403]);
  expect(whole.map(({ column }) => column)).toEqual([4, filler.length + 4, 3]);
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 20_000 }), (chunkBytes) => {
      expect(scanText(text, { chunkBytes: Math.max(chunkBytes, 100) })).toEqual(whole);
    }),
    { numRuns: 30 },
  );
  const short = `x ${key(4)} y "${key(5)}"\n`;
  expect(scanText(short, { chunkBytes: 1 })).toEqual(scanText(short));
});

test("chunks with headroom in one buffer, as files are read, give the same", () => {
  const filler = "const someOrdinaryLine = anotherCall(42);\n";
  const content = utf8(
    `${filler.repeat(40)}${key(1)}\n${filler.repeat(90)}${key(2)}\n${filler.repeat(300)}${key(3)}`,
  );
  const whole = scanBytes(content);
  expect(whole.map(({ line }) => line)).toEqual([41, 132, 433]);
  fc.assert(
    fc.property(fc.integer({ min: 100, max: 12_000 }), fc.nat(20_000), (chunkBytes, headroomBytes) => {
      const buffer = new Uint8Array(headroomBytes + chunkBytes);
      const hits: Hit[] = [];
      const scanner = new StreamScanner({ ...plainOptions, onHit: (hit) => hits.push(hit) });
      for (let at = 0; at < content.length; at += chunkBytes) {
        const part = content.subarray(at, at + chunkBytes);
        buffer.set(part, headroomBytes);
        scanner.push(buffer.subarray(headroomBytes, headroomBytes + part.length), false, headroomBytes);
      }
      scanner.end();
      expect(hits).toEqual(whole);
    }),
    { numRuns: 40 },
  );
});

test("a row of megabytes costs no memory, and a secret after it is found", () => {
  const blob = utf8(`data = "${sample(3_000_000, BASE64URL)}"\n`);
  const hits = scanBytes(concatBytes(blob, utf8(`k = ${key(1)}`)), { chunkBytes: 65_536 });
  expect(hits.map(({ rule, line, column }) => [rule?.id, line, column])).toEqual([["groq", 2, 5]]);
});

test("a secret counts once, even where it holds several rows or fits several rules", () => {
  expect(
    ruleIdsIn(`OPENAI_API_KEY=sk-proj-${sample(60)} DEEPSEEK_API_KEY=sk-${sample(32, "0123456789abcdef")}`),
  ).toEqual(["openai-project", "deepseek"]);
  const part = () => Buffer.from(JSON.stringify({ alg: "HS256", sub: sample(60) })).toString("base64url");
  expect(ruleIdsIn(`token: ${part()}.${part()}.${sample(43)}`)).toEqual(["jwt"]);
});

test("a comment on the line allows it, by name of the rule if it says one", () => {
  expect(ruleIdsIn(`k = ${key(1)} # ownkey:allow`)).toEqual([]);
  expect(ruleIdsIn(`k = ${key(1)} # ownkey:allow it is revoked since March`)).toEqual([]);
  expect(ruleIdsIn(`k = ${key(1)} # ownkey:allow groq`)).toEqual([]);
  expect(ruleIdsIn(`k = ${key(1)} # ownkey:allow openai-project`)).toEqual(["groq"]);
  expect(ruleIdsIn(`k = ${key(1)}\n# ownkey:allow\nk = ${key(2)}`)).toEqual(["groq", "groq"]);
});

test("names in front of values do not count where names are not ours", () => {
  const named = `apiKey: "${sample(40)}", k: "${key(1)}"`;
  expect(ruleIdsIn(named)).toEqual(["named-secret", "groq"]);
  expect(ruleIdsIn(named, { namesTell: false })).toEqual(["groq"]);
});

test("whatever the bytes, the scanner ends, and places lie within the content", () => {
  const piece = fc.oneof(
    fc.constantFrom(
      "sk-",
      "AKIA",
      "eyJhbGci",
      ".",
      "\\n",
      "%3D",
      "\n",
      '"',
      "-----BEGIN PRIVATE KEY-----",
      "api_key=",
      "hvs.",
    ),
    fc.string({ unit: "binary", maxLength: 30 }),
    fc.nat(40).map((seed) => sample(seed + 10, BASE64URL, seed)),
  );
  fc.assert(
    fc.property(
      fc.array(piece, { maxLength: 40 }),
      fc.integer({ min: 1, max: 300 }),
      (pieces, chunkBytes) => {
        const text = pieces.join("");
        const lines = text.split("\n");
        for (const { line, secret } of scanText(text, { chunkBytes })) {
          expect(line).toBeLessThanOrEqual(lines.length);
          expect(secret.length).toBeGreaterThanOrEqual(16);
        }
      },
    ),
  );
});
