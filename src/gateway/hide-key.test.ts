import { describe, expect, test } from "bun:test";
import { array, assert, property, uint8Array } from "fast-check";
import { Secret } from "../kernel/index.ts";
import { createKeyFilter } from "./hide-key.ts";

const KEY = ["sk", "proj", "abcabcabd".repeat(4)].join("-");

function through(pieces: readonly Uint8Array[]): Buffer {
  const filter = createKeyFilter(new Secret(KEY));
  if (!filter) throw new Error("nothing to hide");
  const passed = pieces.map((piece) => filter.push(piece));
  return Buffer.concat([...passed, filter.flush()]);
}

function textThrough(...pieces: readonly string[]): string {
  return through(pieces.map((piece) => Buffer.from(piece))).toString();
}

describe("hiding the key in an error answer", () => {
  const text = `{"error":{"message":"Incorrect API key provided: ${KEY}.","again":"${KEY}${KEY}"}}`;
  const hidden = text.replaceAll(KEY, "*".repeat(KEY.length));

  test("wherever the answer is cut, each occurrence becomes asterisks and every other byte stays", () => {
    for (let at = 0; at <= text.length; at++) {
      expect(textThrough(text.slice(0, at), text.slice(at))).toBe(hidden);
    }
    expect(textThrough(...text.split(""))).toBe(hidden);
  });

  test("a text without the key passes as it is, in any pieces", () => {
    assert(
      property(array(uint8Array()), (pieces) => {
        expect(through(pieces)).toEqual(Buffer.concat(pieces));
      }),
    );
  });

  test("a beginning of the key at the very end is not swallowed", () => {
    expect(textThrough(`ends with ${KEY.slice(0, 10)}`)).toBe(`ends with ${KEY.slice(0, 10)}`);
  });

  test("no key, nothing to hide", () => {
    expect(createKeyFilter(new Secret(""))).toBeUndefined();
  });
});
