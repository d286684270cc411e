// For any body: a bound, a refusal or one of our errors; it never falls when the body grows, and a provider that counts
// dearly finds no more than was reckoned.
import { expect, test } from "bun:test";
import * as fc from "fast-check";
import { AppError, splice } from "../../kernel/index.ts";
import { bound, bounded, outputOf, png, request } from "./bounds.testing.ts";
import type { BoundRequest } from "./request.ts";

type Kind = BoundRequest["kind"];
const KINDS = ["chat", "responses", "completions", "messages", "generate", "embeddings", "images"] as const;

const LANGUAGES = [
  "plain words ",
  "你好，世界",
  "안녕하세요",
  "👩‍👩‍👧 🎉",
  "ﷺ½ﬁ",
  "e\u0301\u0323",
  '"\\\n\u0000',
  "\ud800",
];
const words = fc
  .array(fc.oneof(fc.constantFrom(...LANGUAGES), fc.string({ unit: "binary", maxLength: 12 })), {
    maxLength: 20,
  })
  .map((parts) => parts.join(""));

/** Ordinary conversations in each dialect, by what is said in them. */
const CONVERSATIONS: Partial<Record<Kind, (texts: readonly string[]) => object>> = {
  chat: (texts) => ({ messages: texts.map((content) => ({ role: "user", content })) }),
  responses: (texts) => ({
    input: texts.map((text) => ({ role: "user", content: [{ type: "input_text", text }] })),
  }),
  messages: (texts) => ({
    max_tokens: 9,
    messages: texts.map((text) => ({ role: "user", content: [{ type: "text", text }] })),
  }),
  generate: (texts) => ({ contents: texts.map((text) => ({ role: "user", parts: [{ text }] })) }),
};
const conversation = fc
  .constantFrom("chat", "responses", "messages", "generate" as const)
  .map((kind) => ({ kind: kind as Kind, write: CONVERSATIONS[kind as Kind] ?? (() => ({})) }));

const bytesOf = (text: string): number => Buffer.byteLength(text);

/** As a provider might count at the worst: a token for each byte, however the text is brought into form. */
function worstTokens(text: string): number {
  return Math.max(
    Buffer.byteLength(text),
    Buffer.byteLength(text.normalize("NFC")),
    Buffer.byteLength(text.normalize("NFKC")),
  );
}

test("the bound covers a token for each byte of all that is said, with ten tokens around each message", () => {
  fc.assert(
    fc.property(
      conversation,
      fc.array(words, { minLength: 1, maxLength: 8 }),
      fc.boolean(),
      (way, texts, escape) => {
        const plain = JSON.stringify(way.write(texts));
        const body = escape ? escaped(plain) : plain;
        // OpenAI's tokenizers read bytes as they are.
        const count = way.kind === "chat" || way.kind === "responses" ? bytesOf : worstTokens;
        const spent = texts.reduce((sum, text) => sum + count(text) + 10, 20);
        expect(bounded(way.kind, body).inputTokens).toBeGreaterThanOrEqual(spent);
      },
    ),
    { numRuns: 500 },
  );
});

test("the bound never falls when more is said", () => {
  fc.assert(
    fc.property(conversation, fc.array(words, { maxLength: 5 }), words, words, (way, texts, last, more) => {
      const before = bounded(way.kind, way.write([...texts, last])).inputTokens;
      expect(bounded(way.kind, way.write([...texts, last + more])).inputTokens).toBeGreaterThanOrEqual(
        before,
      );
      expect(bounded(way.kind, way.write([...texts, last, more])).inputTokens).toBeGreaterThan(before);
    }),
    { numRuns: 500 },
  );
});

test("the bound never falls when a picture, a tool or an answer is added", () => {
  const edge = fc.integer({ min: 1, max: 4000 });
  fc.assert(
    fc.property(edge, edge, fc.integer({ min: 1, max: 8 }), (width, height, times) => {
      const url = `data:image/png;base64,${png(width, height)}`;
      const pictures = (amount: number) => ({
        messages: [
          {
            role: "user",
            content: Array.from({ length: amount }, () => ({ type: "image_url", image_url: { url } })),
          },
        ],
      });
      expect(bounded("chat", pictures(times)).inputTokens).toBeGreaterThan(
        bounded("chat", pictures(times - 1)).inputTokens,
      );
      const tools = (amount: number) => ({
        messages: [],
        tools: Array.from({ length: amount }, () => ({ type: "function", function: { name: "x" } })),
      });
      expect(bounded("chat", tools(times)).inputTokens).toBeGreaterThan(
        bounded("chat", tools(times - 1)).inputTokens,
      );
      expect(outputOf(bounded("chat", { messages: [], n: times })).choices).toBe(times);
    }),
    { numRuns: 60 },
  );
});

/** Names that rules know, and names that are like them. */
const NAMES = [
  "model",
  "messages",
  "content",
  "type",
  "text",
  "max_tokens",
  "maxTokens",
  "max_completion_tokens",
  "MAX_TOKENS",
  "max\u017ftokens",
  "generationConfig",
  "generation_config",
  "maxOutputTokens",
  "max_output_tokens",
  "n",
  "tools",
  "input",
  "contents",
  "parts",
  "thinking",
  "budget_tokens",
  "image_url",
  "url",
  "service_tier",
  "__proto__",
  "constructor",
  "",
];
const leaf = fc.oneof(
  fc.constantFrom(
    "0",
    "-1",
    "1e400",
    "1.5",
    "00",
    "true",
    "null",
    `"9"`,
    "12345678901234567890",
    `"text"`,
    `"image"`,
  ),
  fc.string({ maxLength: 8 }).map((text) => JSON.stringify(text)),
  fc.constantFrom(`"\\u0000"`, `"\\ud800"`, `"\\x"`, `"\n"`, "nul", "[", "}"),
);
const json: fc.Arbitrary<string> = fc.letrec<{ value: string }>((tie) => ({
  value: fc.oneof(
    { depthSize: "small", withCrossShrink: true },
    leaf,
    fc.array(tie("value"), { maxLength: 4 }).map((items) => `[${items.join(",")}]`),
    fc
      .array(fc.tuple(fc.oneof(fc.constantFrom(...NAMES), fc.string({ maxLength: 4 })), tie("value")), {
        maxLength: 6,
      })
      .map((members) => `{${members.map(([name, value]) => `${JSON.stringify(name)}:${value}`).join(",")}}`),
  ),
})).value;

test("whatever the body: a bound, a refusal, or an error of ours, and a bound's edit leaves JSON with that limit", () => {
  fc.assert(
    fc.property(fc.constantFrom(...KINDS), json, fc.integer({ min: 1, max: 9999 }), (kind, body, limit) => {
      let result;
      try {
        result = bound(kind, body);
      } catch (error) {
        expect(error).toBeInstanceOf(AppError);
        return;
      }
      if (result.kind === "unbounded") {
        expect(result.field.length).toBeLessThan(400);
        return;
      }
      expect(result.inputTokens).toBeGreaterThanOrEqual(Buffer.byteLength(body));
      if (result.output === null) return;
      const edit = result.output.edit(limit);
      const bytes = request(kind, body).body ?? new Uint8Array();
      const sent = JSON.parse(Buffer.from(splice(bytes, edit === null ? [] : [edit])).toString()) as Record<
        string,
        unknown
      >;
      expect(limitIn(kind, sent)).toBe(limit);
    }),
    { numRuns: 5000 },
  );
});

/** As the provider reads it: the last of several members of one name. */
function limitIn(kind: Kind, sent: Record<string, unknown>): unknown {
  if (kind === "responses") return sent["max_output_tokens"];
  if (kind !== "generate") return sent["max_completion_tokens"] ?? sent["max_tokens"];
  const config = (sent["generationConfig"] ?? sent["generation_config"]) as Record<string, unknown>;
  return config["maxOutputTokens"] ?? config["max_output_tokens"];
}

test("deep nesting is refused before it can do harm", () => {
  for (const depth of [200, 257, 100_000]) {
    const body = `{"tools":${"[".repeat(depth)}${"]".repeat(depth)}}`;
    try {
      expect(bound("chat", body).kind).toBe("unbounded");
    } catch (error) {
      expect(error).toMatchObject({ code: "invalid_input" });
    }
  }
});

/** Every character as an escape, within strings only. */
function escaped(json: string): string {
  return json.replaceAll(
    /[\u0080-\uffff]/g,
    (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, "0")}`,
  );
}
