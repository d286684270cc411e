import { expect, test } from "bun:test";
import * as fc from "fast-check";
import { equalBytes, systemRandomness, toHex, utf8 } from "../kernel/index.ts";
import {
  ENVELOPE_OVERHEAD_BYTES,
  openEnvelope,
  type Place,
  sealEnvelope,
  tryOpenEnvelope,
} from "./envelope.ts";

const KEY = Uint8Array.from({ length: 32 }, (_, i) => i);
const OTHER_KEY = KEY.map((byte) => byte ^ 1);
const PLACE: Place = {
  vaultId: "vault_test",
  table: "secret_versions",
  recordId: "key_test",
  version: 7,
  binding: utf8("binding"),
};
const CONTENT = utf8("content of the envelope");

// Worked out by a second implementation, from the description at the top of envelope.ts.
test("the committed vector: these inputs give these bytes, for ever", () => {
  const salt = (sizeBytes: number) => Uint8Array.from({ length: sizeBytes }, (_, i) => 0xff - i);
  const sealed = sealEnvelope(KEY, PLACE, CONTENT, salt);
  expect(toHex(sealed)).toBe(
    "01fffefdfcfbfaf9f8f7f6f5f4f3f2f1f0efeeedecebeae9e8e7e6e5e4e3e2e1e048fb5ab0146b4846f3fb42c20f8d124bf48971a4ef9e05d7509a4d5fab5cbf240daa1ae76edea6a8b3bda2b1a55e5bed762b955d13baedd9953788d9eb30ddfa335fa909220e1d",
  );
  expect(openEnvelope(KEY, PLACE, sealed)).toEqual(CONTENT);
});

test("whatever was sealed opens, 81 bytes longer", () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 2_000 }), (content) => {
      const sealed = sealEnvelope(KEY, PLACE, content, systemRandomness);
      expect(sealed.length).toBe(content.length + ENVELOPE_OVERHEAD_BYTES);
      expect(equalBytes(openEnvelope(KEY, PLACE, sealed), content)).toBe(true);
    }),
  );
  expect(ENVELOPE_OVERHEAD_BYTES).toBe(81);
});

test("no bit can be changed, no byte cut or added", () => {
  const sealed = sealEnvelope(KEY, PLACE, CONTENT, systemRandomness);
  for (let bit = 0; bit < sealed.length * 8; bit++) {
    const changed = Uint8Array.from(sealed);
    changed[bit >> 3] = (changed[bit >> 3] ?? 0) ^ (1 << (bit & 7));
    expect(tryOpenEnvelope(KEY, PLACE, changed)).toBeUndefined();
  }
  for (let size = 0; size < sealed.length; size++) {
    expect(tryOpenEnvelope(KEY, PLACE, sealed.subarray(0, size))).toBeUndefined();
  }
  expect(tryOpenEnvelope(KEY, PLACE, new Uint8Array([...sealed, 0]))).toBeUndefined();
});

test("it opens nowhere else: not in another vault, table, record or version, not with another binding or key", () => {
  const sealed = sealEnvelope(KEY, PLACE, CONTENT, systemRandomness);
  const elsewhere: Place[] = [
    { ...PLACE, vaultId: "vault_other" },
    { ...PLACE, table: "vault_blobs" },
    { ...PLACE, recordId: "key_tes" },
    { ...PLACE, recordId: "tkey_test", table: "secret_version" },
    { ...PLACE, version: 6 },
    { ...PLACE, binding: new Uint8Array() },
  ];
  for (const place of elsewhere) expect(tryOpenEnvelope(KEY, place, sealed)).toBeUndefined();
  expect(tryOpenEnvelope(OTHER_KEY, PLACE, sealed)).toBeUndefined();
});

test("arbitrary bytes are refused by name and never crash", () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 300 }), (bytes) => {
      expect(() => openEnvelope(KEY, PLACE, bytes)).toThrow("secret_versions key_test version 7");
    }),
  );
});

test("the same content never gives the same bytes", () => {
  const seal = () => toHex(sealEnvelope(KEY, PLACE, CONTENT, systemRandomness));
  expect(new Set(Array.from({ length: 50 }, seal)).size).toBe(50);
});
