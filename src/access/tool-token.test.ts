import { expect, test } from "bun:test";
import * as fc from "fast-check";
import { FakeVault } from "./access.testing.ts";
import { parseCredential } from "./credential.ts";
import {
  parseToolToken,
  signingKeyId,
  signToolToken,
  TOOL_TOKEN_PREFIX,
  type ToolTokenClaims,
} from "./tool-token.ts";
import { ToolTokenVerifier } from "./tool-token-verifier.ts";

const NOW_MS = Date.UTC(2026, 10, 23, 10);
const NOW_SECONDS = NOW_MS / 1000;

function claimsFor(vault: FakeVault, changes: Partial<ToolTokenClaims> = {}): ToolTokenClaims {
  return {
    keyId: signingKeyId(vault.publicKey() ?? new Uint8Array()),
    vaultId: vault.id,
    virtualKeyId: "vk_1",
    generation: 3,
    tool: "claude-code",
    tokenId: "tok_1",
    issuedAtSeconds: NOW_SECONDS,
    expiresAtSeconds: NOW_SECONDS + 3600,
    ...changes,
  };
}

const textOf = (vault: FakeVault, changes?: Partial<ToolTokenClaims>) =>
  signToolToken(claimsFor(vault, changes), vault).reveal();

const verifierOf = (vault: FakeVault) => new ToolTokenVerifier({ signer: vault });

test("a signed token verifies and gives its claims back", () => {
  const vault = new FakeVault();
  const text = textOf(vault);
  expect(text.startsWith(TOOL_TOKEN_PREFIX)).toBe(true);
  expect(text).toMatch(/^[A-Za-z0-9._-]+$/);
  expect(parseCredential(text)?.kind).toBe("tool_token");
  expect(verifierOf(vault).verify(text, NOW_MS)).toEqual(claimsFor(vault));
});

test("any claims survive the way through the text", () => {
  const vault = new FakeVault();
  const word = fc.string({ unit: "grapheme", minLength: 1, maxLength: 40 });
  fc.assert(
    fc.property(word, word, fc.nat(), (tool, tokenId, generation) => {
      const claims = claimsFor(vault, { tool, tokenId, generation });
      const parsed = parseToolToken(signToolToken(claims, vault).reveal());
      expect(parsed?.claims).toEqual(claims);
    }),
    { numRuns: 50 },
  );
});

test("a token with any character changed is refused", () => {
  const vault = new FakeVault();
  const text = textOf(vault);
  const verifier = verifierOf(vault);
  for (let at = 0; at < text.length; at++) {
    const other = text[at] === "A" ? "B" : "A";
    const answer = verifier.verify(text.slice(0, at) + other + text.slice(at + 1), NOW_MS);
    expect(answer === "malformed" || answer === "unknown").toBe(true);
  }
});

test("hostile text is refused without an exception", () => {
  const verifier = verifierOf(new FakeVault());
  const encode = (text: string) => Buffer.from(text).toString("base64url");
  const signature = encode("s".repeat(64));
  const hostile = [
    "",
    ".",
    `${encode("{}")}.${signature}`,
    `${encode("[]")}.${signature}`,
    `${encode("null")}.${signature}`,
    `${encode('{"exp":1e999}')}.${signature}`,
    `${Buffer.from([0xff, 0xfe]).toString("base64url")}.${signature}`,
    `${encode("{}")}.${signature}.${signature}`,
    `${encode("{}")}=.${signature}`,
    "a".repeat(100_000),
  ];
  for (const text of hostile) expect(verifier.verify(TOOL_TOKEN_PREFIX + text, NOW_MS)).toBe("malformed");
  fc.assert(
    fc.property(fc.string({ unit: "binary" }), (text) => {
      expect(verifier.verify(TOOL_TOKEN_PREFIX + text, NOW_MS)).toBe("malformed");
    }),
  );
});

test("a token of another vault or another key is unknown", () => {
  const vault = new FakeVault();
  const other = new FakeVault();
  const verifier = verifierOf(vault);
  expect(verifier.verify(textOf(other), NOW_MS)).toBe("unknown");
  expect(verifier.verify(textOf(vault, { vaultId: "vault_other" }), NOW_MS)).toBe("unknown");
  const forged = signToolToken(claimsFor(vault), other).reveal();
  expect(verifier.verify(forged, NOW_MS)).toBe("unknown");
});

test("times are held to: a minute of skew, a day of life, the end", () => {
  const vault = new FakeVault();
  const verifier = verifierOf(vault);
  const verify = (issued: number, life: number, nowMs = NOW_MS) => {
    const issuedAtSeconds = NOW_SECONDS + issued;
    const text = textOf(vault, { issuedAtSeconds, expiresAtSeconds: issuedAtSeconds + life });
    const answer = verifier.verify(text, nowMs);
    return typeof answer === "string" ? answer : "fine";
  };
  expect(verify(60, 3600)).toBe("fine");
  expect(verify(61, 3600)).toBe("malformed");
  expect(verify(0, 86_400)).toBe("fine");
  expect(verify(0, 86_401)).toBe("malformed");
  expect(verify(0, 0)).toBe("malformed");
  expect(verify(-3600, 3600)).toBe("expired");
  expect(verify(-3600, 3601)).toBe("fine");
});

test("a remembered token still ends, and costs no second signature check", () => {
  const vault = new FakeVault();
  let keyReads = 0;
  const verifier = new ToolTokenVerifier({
    signer: {
      id: vault.id,
      publicKey: () => (keyReads++ === 0 ? vault.publicKey() : undefined),
      sign: () => undefined,
    },
  });
  const text = textOf(vault);
  expect(verifier.verify(text, NOW_MS)).toMatchObject({ tokenId: "tok_1" });
  expect(verifier.verify(text, NOW_MS + 3_599_000)).toMatchObject({ tokenId: "tok_1" });
  expect(verifier.verify(text, NOW_MS + 3_600_000)).toBe("expired");
  expect(verifier.verify(text, NOW_MS - 61_000)).toBe("malformed");
});

test("what is remembered is bounded, and forgetting changes no answer", () => {
  const vault = new FakeVault();
  const verifier = new ToolTokenVerifier({ signer: vault, maxRemembered: 2 });
  const texts = [1, 2, 3, 4].map((number) => textOf(vault, { tokenId: `tok_${number}` }));
  for (const text of [...texts, ...texts]) expect(verifier.verify(text, NOW_MS)).toBeObject();
});

test("while locked nothing is signed, and a verifier that never saw the key says so", () => {
  const vault = new FakeVault();
  const text = textOf(vault);
  const claims = claimsFor(vault);
  const verifier = verifierOf(vault);
  expect(verifier.verify(text, NOW_MS)).toBeObject();
  vault.locked = true;
  expect(() => signToolToken(claims, vault)).toThrow("locked");
  expect(() => verifierOf(vault).verify(text, NOW_MS)).toThrow("locked");
  expect(verifier.verify(text, NOW_MS)).toBeObject();
});

test("a signature over anything else that the vault signs is not a token's", () => {
  const vault = new FakeVault();
  const payload = Buffer.from(parseToolToken(textOf(vault))?.signed ?? []).subarray(
    "ownkey tool token v1\n".length,
  );
  const signature = Buffer.from(vault.sign(payload) ?? []);
  const text = `${TOOL_TOKEN_PREFIX}${payload.toString("base64url")}.${signature.toString("base64url")}`;
  expect(parseToolToken(text)).toBeDefined();
  expect(verifierOf(vault).verify(text, NOW_MS)).toBe("unknown");
});
