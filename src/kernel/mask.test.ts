import { describe, expect, test } from "bun:test";
import * as fc from "fast-check";
import { hasSecretMark, isOpaqueSecret, maskSecrets, maskValue } from "./mask.ts";

/** Built at run time: no key-shaped literal stands in any file. */
const body = "aB3dE6gH9jK2".repeat(8);
const hex32 = "0123456789abcdef".repeat(2);

const KEYS: readonly (readonly [family: string, key: string])[] = [
  ["OpenAI, legacy", `sk-${body.slice(0, 20)}T3Blbk${"FJ"}${body.slice(0, 20)}`],
  ["OpenAI, project", `sk-proj-${body.slice(0, 58)}T3Blbk${"FJ"}${body.slice(0, 57)}-`],
  ["OpenAI, service account", `sk-svcacct-${body}`],
  ["OpenAI, admin", `sk-admin-${body}`],
  ["Anthropic", `sk-ant-api03-${body.slice(0, 93)}AA`],
  ["Anthropic, admin", `sk-ant-admin01-${body.slice(0, 93)}AA`],
  ["Anthropic, login", `sk-ant-oat01-${body}`],
  ["OpenRouter", `sk-or-v1-${hex32.repeat(2)}`],
  ["DeepSeek", `sk-${hex32}`],
  ["Azure, old", hex32],
  ["Azure, new", `${body.slice(0, 52)}JQQJ99${body.slice(0, 16)}ACOG${body.slice(0, 6)}`],
  ["Gemini, standard", `AI${"za"}${body.slice(0, 35)}`],
  ["Gemini, auth key", `AQ.${body.slice(0, 50)}`],
  ["Google, login", `ya29.${body}`],
  ["Groq", `gsk_${body.slice(0, 52)}`],
  ["xAI", `xai-${body.slice(0, 80)}`],
  ["Mistral", body.slice(0, 32)],
  ["Bedrock", `ABSK${body}+/=`],
  ["Bedrock, short", `bedrock-api-key-${body}`],
  ["virtual key", `sk-ownkey-${body.slice(0, 30)}`],
  ["tool token", `sk-ownkey-t-${body}.${body}`],
  ["JWT", `eyJ${body}.eyJ${body}.${body}`],
  ["age identity", `AGE-SECRET-KEY-1${body.toUpperCase()}`],
  ["GitHub", `ghp_${body.slice(0, 36)}`],
];

const AROUND: readonly ((key: string) => string)[] = [
  (key) => key,
  (key) => `Incorrect API key provided: ${key}.`,
  (key) => `{"error":{"message":"bad \\"${key}\\""}}`,
  (key) => `https://h.example/v1?key=${key}&x=1`,
  (key) => `Authorization: Bearer ${key}\r\nHost: x`,
  (key) => `first line\n${key}\nlast line`,
  (key) => `api-key=${key}; path=/`,
  (key) => `(${key})`,
];

describe("a key of any family is taken out of text that nobody knows to hold it", () => {
  test.each(KEYS)("%s", (_family, key) => {
    for (const around of AROUND) {
      const masked = maskSecrets(around(key));
      expect(masked).not.toContain(key);
      expect(masked).not.toContain(key.slice(-16));
      expect(masked).toContain("…");
      expect(maskSecrets(masked)).toBe(masked);
    }
  });
});

describe("a known value is taken out in every form", () => {
  test.each([
    ["as it is", (value: string) => value],
    ["in a URL", (value: string) => encodeURIComponent(value)],
    ["in JSON", (value: string) => JSON.stringify(value).slice(1, -1)],
    ["as Basic credentials", (value: string) => Buffer.from(value).toString("base64")],
  ])("%s", (_name, form) => {
    const value = `p/ss "w+rd" é ${"1".repeat(3)}`;
    expect(maskSecrets(`before ${form(value)} after`, [value])).toBe("before … after");
  });

  test("a value within a longer one leaves nothing of the longer one", () => {
    expect(maskSecrets("x secret-and-more y", ["secret", "secret-and-more"])).toBe("x … y");
  });

  test("whatever the value and the text around it", () => {
    const value = fc.string({ minLength: 4, maxLength: 60 }).filter((text) => !text.includes("…"));
    fc.assert(
      fc.property(value, fc.string(), fc.string(), (secret, before, after) => {
        const masked = maskSecrets(`${before}${secret}${after}`, [secret]);
        return secret.length > 24 ? !masked.includes(secret) : masked !== `${before}${secret}${after}`;
      }),
    );
  });

  test("a value is never read as a pattern", () => {
    expect(maskSecrets("a$&b", ["$&b"])).toBe("a$&b");
    expect(maskSecrets("a.*.*b", [".*.*"])).toBe("a…b");
  });
});

describe("what people need to find their way stays", () => {
  test.each([
    ["an id of ours", "key_01j9zk3v5x7a8b9c0d1e2f3g4h"],
    ["a UUID", "3f2504e0-4f89-11d3-9a0c-0305e82c3301"],
    ["a git hash", "a".repeat(20) + "1".repeat(20)],
    ["a SHA-256", "0123456789abcdef".repeat(4)],
    ["a fingerprint", "fp_0123456789ab"],
    ["a provider's request id", `req_${hex32}`],
    ["models", "gpt-5-mini claude-sonnet-4-5-20250929 gemini-2.5-flash-lite o4-mini-deep-research"],
    ["an age recipient", `age1${"q0p9".repeat(14)}qq`],
    ["a long age recipient", `age1pq1${"q0p9".repeat(400)}`],
    ["words", "Bearer authentication is Basic functionality; task-management, disk-usage-report"],
    ["a URL", "https://my-resource.openai.azure.com/openai/v1?api-version=2024-10-21"],
    ["variables", "OPENAI_API_KEY and $ANTHROPIC_API_KEY"],
  ])("%s", (_name, text) => {
    expect(maskSecrets(text)).toBe(text);
    for (const word of text.split(" ")) {
      expect(hasSecretMark(word)).toBeFalse();
      expect(isOpaqueSecret(word)).toBeFalse();
    }
  });
});

describe("a hint tells two keys apart and gives neither away", () => {
  test.each(KEYS)("%s", (_family, key) => {
    const hint = maskValue(key);
    expect(hint.length).toBeLessThanOrEqual(20);
    expect(hint).toEndWith(`…${key.slice(-4)}`);
  });

  test("a short value gives no character away", () => {
    expect(maskValue("abcdefgh")).toBe("…");
  });
});

test("an argument is known as a secret by its mark anywhere, without a mark only as a whole", () => {
  for (const [, key] of KEYS) {
    expect(hasSecretMark(`--key=${key}`) || isOpaqueSecret(key)).toBeTrue();
  }
  expect(isOpaqueSecret(`${hex32}.age`)).toBeFalse();
  expect(isOpaqueSecret("")).toBeFalse();
});

test("hostile text is masked in time that grows with its length only", () => {
  // Each of these made some naive pattern look at the rest of the text again and again.
  for (const piece of ["sk-a", "eyJaaaaaaaa.", "Bearer ", "?key=", "aA1", "sk-ownkey-"]) {
    expect(maskSecrets(piece.repeat(2000)).length).toBeGreaterThan(0);
  }
});
