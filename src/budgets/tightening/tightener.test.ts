// Text is counted token by token in a thread, and no text keeps anybody waiting.
import { afterEach, beforeEach, expect, test } from "bun:test";
import * as fc from "fast-check";
import { silentLog } from "../../kernel/index.ts";
import { boundRequest } from "../bounds/bound.ts";
import { type Asked, bounded, png, request } from "../bounds/bounds.testing.ts";
import { countedText } from "../bounds/counted-text.ts";
import { createTightener, type Tightener } from "./tightener.ts";
import { type CountTokens, loadTokenizer } from "./tokenizer.ts";

let tightener: Tightener;

/** The tokenizer's ranks are megabytes, and machines differ. */
const LOADING_MS = 60_000;

beforeEach(() => {
  tightener = createTightener({ log: silentLog, timeLimitMs: 5000 });
});

afterEach(() => {
  tightener.close();
});

const say = (content: string) => ({ messages: [{ role: "user", content }] });
const ENGLISH = "The quick brown fox jumps over the lazy dog. ".repeat(200);

const tightened = (body: object, asked: Asked = {}) =>
  tightener.tightened(request("chat", body, asked), bounded("chat", body, asked));

test(
  "ordinary text is bounded by about its tokens, once the tokenizer is loaded",
  async () => {
    expect(await tightened(say(ENGLISH))).toBeUndefined();
    expect(await tightener.prepare("gpt-4.1")).toBe(true);
    const tokens = await tightened(say(ENGLISH));
    // 9,000 bytes, 2,001 tokens.
    expect(bounded("chat", say(ENGLISH)).inputTokens).toBeGreaterThan(9000);
    expect(tokens).toBeGreaterThan(2001);
    expect(tokens).toBeLessThan(2200);
    expect(await tightened(say("Hi"))).toBeUndefined();
    expect(await tightened(say(ENGLISH), { model: "of-nobody" })).toBeUndefined();
    expect(await tightened(say(ENGLISH), { model: "gpt-6-sol" })).toBeUndefined();
  },
  LOADING_MS,
);

test(
  "the body that is counted stays as it is, also where it is part of a larger buffer",
  async () => {
    await tightener.prepare("gpt-4.1");
    const asked = request("chat", say(ENGLISH));
    const body = Buffer.concat([asked.body ?? Buffer.alloc(0)]);
    const before = body.toString();
    expect(await tightener.tightened({ ...asked, body }, bounded("chat", say(ENGLISH)))).toBeGreaterThan(0);
    expect(body.toString()).toBe(before);
  },
  LOADING_MS,
);

/** Runs just short enough to be counted, of which a tokenizer has to try every pair. */
const HOSTILE = Array.from({ length: 2000 }, (_, word) =>
  Array.from({ length: 500 }, (_, at) => String.fromCharCode(97 + ((word * 7 + at * at * 31) % 26))).join(""),
).join(" ");

test(
  "a text that takes too long is given up with its thread, and there is none for a while",
  async () => {
    const limited = createTightener({ log: silentLog, timeLimitMs: 100 });
    const ask = (content: string) =>
      limited.tightened(request("chat", say(content)), bounded("chat", say(content)));
    await limited.prepare("gpt-4.1");
    expect(await ask(HOSTILE)).toBeUndefined();
    for (let times = 0; times < 5; times++) expect(await ask(ENGLISH)).toBeUndefined();
    expect(await limited.prepare("gpt-4.1")).toBe(false);
    limited.close();
  },
  LOADING_MS,
);

test(
  "many questions at once are answered or given up, each by itself",
  async () => {
    await tightener.prepare("gpt-4.1");
    const tokens = await tightened(say(ENGLISH));
    const answers = await Promise.all(Array.from({ length: 12 }, () => tightened(say(ENGLISH))));
    expect(tokens).toBeGreaterThan(2001);
    expect(answers).toContain(tokens);
    expect(answers.every((answer) => answer === tokens || answer === undefined)).toBe(true);
  },
  LOADING_MS,
);

let count: CountTokens | undefined;
async function o200k(): Promise<CountTokens> {
  return (count ??= await loadTokenizer("o200k_base"));
}

/** The tighter bound without a thread. */
async function counted(body: object): Promise<number> {
  const result = boundRequest(request("chat", body), countedText(await o200k()));
  return result.kind === "bounded" ? result.inputTokens : Number.NaN;
}

test(
  "it lies between the tokens of all that is said and the bound by bytes",
  async () => {
    const tokens = await o200k();
    const words = fc.oneof(
      fc.string({ unit: "binary", maxLength: 300 }),
      fc.constantFrom(
        ENGLISH.slice(0, 400),
        "你好，世界。".repeat(20),
        "<|endoftext|>".repeat(9),
        "\ud800".repeat(30),
      ),
    );
    await fc.assert(
      fc.asyncProperty(fc.array(words, { maxLength: 6 }), async (texts) => {
        const body = { messages: texts.map((content) => ({ role: "user", content })) };
        const tight = await counted(body);
        expect(tight).toBeLessThanOrEqual(bounded("chat", body).inputTokens);
        expect(tight).toBeGreaterThanOrEqual(texts.reduce((sum, text) => sum + tokens(text) + 10, 20));
      }),
      { numRuns: 200 },
    );
  },
  LOADING_MS,
);

test(
  "runs without a break are left to their bytes, and take no time",
  async () => {
    for (const text of ["a".repeat(200_000), " ".repeat(200_000), "好".repeat(60_000), "-".repeat(200_000)]) {
      const body = say(text);
      expect(await counted(body)).toBe(bounded("chat", body).inputTokens);
    }
  },
  LOADING_MS,
);

test(
  "pictures count as they do without it",
  async () => {
    const picture = (url: string) => ({
      messages: [{ role: "user", content: [{ type: "image_url", image_url: { url } }] }],
    });
    const body = picture(`data:image/png;base64,${png(2000, 1000)}`);
    expect(await counted(body)).toBe(bounded("chat", body).inputTokens);
  },
  LOADING_MS,
);
