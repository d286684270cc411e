// The scanner accepts exactly what JSON.parse accepts, tells the true places, and is not fooled by spellings.
import { expect, test } from "bun:test";
import * as fc from "fast-check";
import { AppError, foldedHash, MAX_JSON_DEPTH, utf8 } from "../kernel/index.ts";
import { GOVERNED } from "./governed.ts";
import { scanJson } from "./json-scan.ts";

const scan = (text: string) => scanJson(utf8(text), GOVERNED);

function codeOf(work: () => unknown): string | undefined {
  try {
    work();
    return undefined;
  } catch (error) {
    return error instanceof AppError ? error.code : "not an AppError";
  }
}

function parses(text: string): boolean {
  try {
    JSON.parse(text);
    return true;
  } catch {
    return false;
  }
}

test("whatever JSON.stringify writes is accepted, whole", () => {
  fc.assert(
    fc.property(fc.json({ maxDepth: 6 }), (text) => {
      const { root } = scan(text);
      expect(JSON.parse(text.slice(root.start, root.end))).toEqual(JSON.parse(text));
    }),
    { numRuns: 300 },
  );
});

test("damaged documents are refused exactly when JSON.parse refuses them", () => {
  const alphabet = [...Array.from('{}[]":,\\ue0123.-+tfn \t\n\u0001é'), "true", "null", "false", '"model"'];
  const damaged = fc.oneof(
    fc.array(fc.constantFrom(...alphabet), { maxLength: 20 }).map((parts) => parts.join("")),
    fc.tuple(fc.json({ maxDepth: 3 }), fc.nat(), fc.constantFrom(...alphabet)).map(([text, at, piece]) => {
      const place = at % (text.length + 1);
      return text.slice(0, place) + piece + text.slice(place + 1);
    }),
  );
  fc.assert(
    fc.property(damaged, (text) => {
      const code = codeOf(() => scan(text));
      // A surrogate cut in two is no UTF-8 once it is written.
      if (code === "ambiguous_body") return;
      expect(code === undefined).toBe(parses(Buffer.from(text).toString("utf8")));
    }),
    { numRuns: 2000 },
  );
});

test("in a long document every byte of every string counts, wherever it lies in memory", () => {
  const run = fc.integer({ min: 0, max: 70 }).map((length) => "w".repeat(length));
  const mark = fc.constantFrom(
    "\\n",
    '\\"',
    "\\u00e9",
    "é",
    "🎉",
    "\u007f",
    "\u0001",
    "\n",
    '"',
    "\\",
    "\\x",
    " ",
  );
  const texts = fc.array(fc.tuple(run, mark), { maxLength: 6 });
  fc.assert(
    fc.property(texts, run, fc.nat(3), (pieces, last, offset) => {
      const value = pieces.flat().join("") + last;
      const text = `{"padding":"${"p".repeat(4000)}","model":"${value}"}`;
      // Not only from the beginning of a word.
      const bytes = Buffer.concat([Buffer.alloc(offset), Buffer.from(text)]).subarray(offset);
      if (!parses(text)) return expect(codeOf(() => scanJson(bytes, GOVERNED))).toBe("invalid_input");
      const { model } = JSON.parse(text) as { model: string };
      expect(scanJson(bytes, GOVERNED).text("model")).toBe(model);
    }),
    { numRuns: 2000 },
  );
});

test("a name that only hashes like a governed one is not taken for it", () => {
  const twin = "modg.";
  const hashOf = (name: string) => foldedHash(utf8(name), 0, name.length);
  expect(hashOf(twin)).toBe(hashOf("model"));
  expect(scan(`{"${twin}":"a","model":"b"}`).text("model")).toBe("b");
});

test("arbitrary bytes never get past it unless they are JSON in UTF-8", () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 40 }), (bytes) => {
      const code = codeOf(() => scanJson(bytes, GOVERNED));
      if (code === undefined) expect(parses(Buffer.from(bytes).toString("utf8"))).toBe(true);
      else expect(["invalid_input", "ambiguous_body"]).toContain(code);
    }),
    { numRuns: 500 },
  );
});

test("governed members are found with the values that JSON.parse gives", () => {
  const body = fc.record(
    {
      model: fc.string(),
      stream: fc.boolean(),
      n: fc.nat(),
      messages: fc.jsonValue({ maxDepth: 3 }),
      max_tokens: fc.maxSafeNat(),
    },
    { requiredKeys: [] },
  );
  fc.assert(
    fc.property(body, fc.constantFrom(0, 2), (value, indent) => {
      const bytes = utf8(JSON.stringify(value, null, indent));
      const scanned = scanJson(bytes, GOVERNED);
      expect(scanned.text("model")).toBe(value.model as string);
      expect(scanned.count("n")).toBe(value.n as number);
      expect(scanned.count("max_tokens")).toBe(value.max_tokens as number);
      expect(scanned.isTrue("stream")).toBe(value.stream === true);
      expect(scanned.members.has("messages")).toBe(value.messages !== undefined);
    }),
    { numRuns: 300 },
  );
});

test.each([
  ["twice", `{"model":"a","model":"b"}`],
  ["escaped", `{"model":"a","mod\\u0065l":"b"}`],
  ["in another case", `{"model":"a","Model":"b"}`],
  ["snake and camel", `{"max_tokens":1,"maxTokens":2}`],
  ["the long s", `{"stream":false,"ſtream":true}`],
  ["nested", `{"stream_options":{"include_usage":true,"includeUsage":false}}`],
  ["in an escaped parent", `{"stream\\u005foptions":{},"streamOptions":{}}`],
])("a governed field that is there %s is ambiguous", (_, text) => {
  expect(codeOf(() => scan(text))).toBe("ambiguous_body");
});

test("a field of the same name deeper down is nobody's business", () => {
  const { members } = scan(`{"messages":[{"model":"x"}],"metadata":{"model":"y","Model":"z"}}`);
  expect(members.has("model")).toBe(false);
});

test("ids of stored objects are found at any depth, however the name is spelled", () => {
  const { references } = scan(
    `{"previous_response_id":"resp_1","input":[{"content":[{"file_id":"file-2"},{"fileId":"file-3"},{"file\\u005fid":"f4"}]}]}`,
  );
  expect([...references]).toEqual(["resp_1", "file-2", "file-3", "f4"]);
});

test("ids of stored objects are found in lists and objects too, and in nothing else", () => {
  const { references } = scan(
    `{"file_ids":["f1","f2"],"previous_response_id":{"id":"r1","note":"x"},"tools":[{"container":{"file_ids":[["f3"],4]}}],"id":"no","input":[{"id":"no"}]}`,
  );
  expect([...references]).toEqual(["f1", "f2", "r1", "f3"]);
});

test("too many ids of stored objects are refused at the first that is too many, the same one again costs nothing", () => {
  const ids = (count: number) => Array.from({ length: count }, (_, at) => `"f${at}"`).join(",");
  expect(scan(`{"file_ids":[${ids(1000)}],"input":{"file_ids":[${ids(1000)}]}}`).references.size).toBe(1000);
  // What comes behind is not looked at any more.
  expect(() => scan(`{"file_ids":[${ids(1001)},no json`)).toThrow("more than 1000 stored objects");
});

test("nesting beyond the limit is refused without exhausting the stack", () => {
  expect(codeOf(() => scan("[".repeat(MAX_JSON_DEPTH) + "]".repeat(MAX_JSON_DEPTH)))).toBeUndefined();
  expect(codeOf(() => scan("[".repeat(1_000_000)))).toBe("invalid_input");
  expect(codeOf(() => scan(`{"a":`.repeat(100_000)))).toBe("invalid_input");
});

test("a byte order mark, a lone continuation byte and an overlong form are no JSON", () => {
  for (const bytes of [
    [0xef, 0xbb, 0xbf, 0x7b, 0x7d],
    [0x22, 0x80, 0x22],
    [0x22, 0xc0, 0xaf, 0x22],
  ]) {
    expect(codeOf(() => scanJson(new Uint8Array(bytes), GOVERNED))).toBe("invalid_input");
  }
});
