/** The small values: bytes, ids, JSON, errors, secrets. */
import { describe, expect, test } from "bun:test";
import * as fc from "fast-check";
import { inspect } from "node:util";
import { equalBytes, fromBase64Url, fromHex, lengthPrefixed, toBase64Url, toHex, uint64 } from "./bytes.ts";
import { AppError, ERROR_CODES, errorDocument, toAppError } from "./errors.ts";
import { idMaker } from "./ids.ts";
import { canonicalJson, type Json, numberAt, objectAt, parseJson, stringAt } from "./json.ts";
import { systemRandomness } from "./random.ts";
import { Secret } from "./secret.ts";

describe("bytes", () => {
  const bytes = fc.uint8Array({ maxLength: 64 });

  test("hex and base64url give back what they were made of, and refuse all other spellings", () => {
    fc.assert(
      fc.property(bytes, (some) => {
        expect(fromHex(toHex(some))).toEqual(some);
        expect(fromBase64Url(toBase64Url(some))).toEqual(some);
      }),
    );
    for (const odd of ["A", "AB==", "A+", "A/", "AAB", " AA", "AA\n"])
      expect(fromBase64Url(odd)).toBeUndefined();
    for (const odd of ["0", "0G", "AB", " 00", "00\n"]) expect(fromHex(odd)).toBeUndefined();
  });

  test("two lists give the same length-prefixed bytes only if they are the same", () => {
    const list = fc.array(fc.string({ maxLength: 4 }), { maxLength: 4 });
    fc.assert(
      fc.property(list, list, (a, b) => {
        expect(equalBytes(lengthPrefixed(...a), lengthPrefixed(...b))).toBe(
          JSON.stringify(a) === JSON.stringify(b),
        );
      }),
    );
  });

  test("numbers are 64 bits, big endian; a view into a larger buffer counts alone", () => {
    expect(toHex(uint64(258))).toBe("0000000000000102");
    expect(toHex(uint64(2n ** 64n - 1n))).toBe("f".repeat(16));
    expect(toHex(new Uint8Array([1, 2, 3, 4]).subarray(1, 3))).toBe("0203");
    expect(equalBytes(new Uint8Array(2), new Uint8Array(3))).toBeFalse();
  });
});

describe("ids", () => {
  const at = (nowMs: number) =>
    idMaker({ nowMs: () => nowMs, monotonicMs: () => 0 }, systemRandomness)("key");

  test("have their kind as prefix and 26 characters that survive being read aloud", () => {
    expect(at(1_700_000_000_000)).toMatch(/^key_[0-9a-hjkmnp-tv-z]{26}$/);
  });

  test("sort by the time they were made", () => {
    const time = fc.integer({ min: 0, max: 2 ** 48 - 1 });
    fc.assert(fc.property(time, time, (a, b) => a === b || at(a) < at(b) === a < b));
  });

  test("of one maker sort in the order they were made, also while the clock stands still or goes back", () => {
    const times = [5, 5, 5, 4, 9, 8];
    const clock = { nowMs: () => times.shift() ?? 9, monotonicMs: () => 0 };
    const newId = idMaker(clock, () => new Uint8Array(10).fill(255, 1));
    const ids = Array.from({ length: 8 }, () => newId("req"));
    expect([...ids].sort()).toEqual(ids);
    expect(new Set(ids).size).toBe(8);
  });
});

describe("JSON", () => {
  test("one value has one canonical text, whatever the order of its members", () => {
    expect(canonicalJson({ b: [1, { d: null, c: "é" }], a: true })).toBe(
      '{"a":true,"b":[1,{"c":"é","d":null}]}',
    );
    fc.assert(
      fc.property(fc.dictionary(fc.string(), fc.jsonValue()), (members) => {
        const turned = Object.fromEntries(Object.entries(members).reverse());
        expect(canonicalJson(turned as Json)).toBe(canonicalJson(members as Json));
        expect(JSON.parse(canonicalJson(members as Json))).toEqual(JSON.parse(JSON.stringify(members)));
      }),
    );
  });

  test("walking a stranger's document never throws, whatever it is", () => {
    fc.assert(
      fc.property(fc.anything(), fc.string(), (value, name) => {
        objectAt(value, name);
        stringAt(value, name);
        numberAt(value, name);
      }),
    );
    expect(parseJson("{")).toBeUndefined();
    expect(parseJson("null")).toBeNull();
  });
});

describe("errors", () => {
  test("what was thrown by others keeps its text from the user and becomes the cause", () => {
    const cause = new TypeError("inner text");
    const error = toAppError(cause);
    expect(error).toMatchObject({ code: "internal", exitCode: 1, httpStatus: 500, cause });
    expect(JSON.stringify(errorDocument(error))).not.toContain("inner text");
    expect(toAppError(error)).toBe(error);
  });

  test("the document holds code, message and, when there are any, hint and details", () => {
    const error = new AppError("vault_locked", "locked", { hint: "unlock", details: { reason: "x" } });
    expect(errorDocument(error)).toEqual({
      error: { code: "vault_locked", message: "locked", hint: "unlock", details: { reason: "x" } },
    });
    expect(errorDocument(new AppError("usage", "no"))).toEqual({ error: { code: "usage", message: "no" } });
  });

  test("exit codes are those of the contract", () => {
    for (const { exit, http } of Object.values(ERROR_CODES)) {
      expect(exit).toBeWithin(1, 7);
      expect(http).toBeWithin(400, 600);
    }
    expect(ERROR_CODES.vault_locked.exit).toBe(4);
    expect(ERROR_CODES.key_refused.exit).toBe(6);
    expect(ERROR_CODES.not_found.exit).toBe(3);
    expect(ERROR_CODES.denied.exit).toBe(5);
  });
});

test("a Secret shows itself to nobody but `reveal`", () => {
  const secret = new Secret("the text");
  const shown = [
    String(secret),
    "".concat(secret as unknown as string),
    JSON.stringify({ secret }),
    inspect({ secret }),
    inspect(secret, { showHidden: true }),
    Object.values(Object.assign({}, secret)).join(""),
  ];
  for (const text of shown) expect(text).not.toContain("the text");
  expect(secret.reveal()).toBe("the text");
  expect(secret.lengthChars).toBe(8);
});
