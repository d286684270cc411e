// Wycheproof's vectors against the very functions that the vault uses.
import { expect, test } from "bun:test";
import { concatBytes, equalBytes, toHex, utf8 } from "../kernel/index.ts";
import {
  aesGcmOpen,
  aesGcmSeal,
  argon2id,
  ed25519PublicKey,
  ed25519Sign,
  ed25519Verify,
  hkdfSha256,
  hmacSha256,
  x25519,
  x25519PublicKey,
} from "./primitives.ts";
import { hasVectors, hexAt, type Vector, vectors } from "./wycheproof.testing.ts";

/** All vectors of the file that the filter takes are as `outcome` says; gives how many there were. */
function run(
  file: string,
  outcome: (vector: Vector) => boolean,
  take: (vector: Vector) => boolean = () => true,
) {
  const taken = vectors(file).filter(take);
  const wrong = taken.filter(
    (vector) => vector.result !== "acceptable" && outcome(vector) !== (vector.result === "valid"),
  );
  expect(wrong.map(({ tcId, comment }) => ({ tcId, comment }))).toEqual([]);
  return taken.length;
}

test.skipIf(!hasVectors)("AES-256-GCM: valid vectors seal and open, invalid ones do not open", () => {
  const outcome = (vector: Vector) => {
    const [key, nonce, aad, message] = ["key", "iv", "aad", "msg"].map((name) => hexAt(vector, name)) as [
      Uint8Array,
      Uint8Array,
      Uint8Array,
      Uint8Array,
    ];
    const sealed = concatBytes(hexAt(vector, "ct"), hexAt(vector, "tag"));
    const opened = aesGcmOpen(key, nonce, aad, sealed);
    if (!opened) return false;
    return equalBytes(opened, message) && equalBytes(aesGcmSeal(key, nonce, aad, message), sealed);
  };
  // Only this size of key, nonce and tag occurs in the vault.
  const take = (vector: Vector) => vector.keySize === 256 && vector.ivSize === 96 && vector.tagSize === 128;
  expect(run("aes_gcm_test.json", outcome, take)).toBeGreaterThan(50);
});

test.skipIf(!hasVectors)("HKDF-SHA256", () => {
  const outcome = (vector: Vector) => {
    try {
      const okm = hkdfSha256(
        hexAt(vector, "ikm"),
        hexAt(vector, "salt"),
        hexAt(vector, "info"),
        Number(vector.size),
      );
      return equalBytes(okm, hexAt(vector, "okm"));
    } catch {
      return false;
    }
  };
  expect(run("hkdf_sha256_test.json", outcome)).toBeGreaterThan(50);
});

test.skipIf(!hasVectors)("HMAC-SHA256", () => {
  const outcome = (vector: Vector) =>
    equalBytes(hmacSha256(hexAt(vector, "key"), hexAt(vector, "msg")), hexAt(vector, "tag"));
  expect(run("hmac_sha256_test.json", outcome, (vector) => vector.tagSize === 256)).toBeGreaterThan(50);
});

test.skipIf(!hasVectors)("Ed25519: only valid signatures verify", () => {
  const outcome = (vector: Vector) => {
    const publicKey = hexAt(vector.publicKey as Vector, "pk");
    return ed25519Verify(publicKey, hexAt(vector, "msg"), hexAt(vector, "sig"));
  };
  expect(run("ed25519_test.json", outcome)).toBeGreaterThan(100);
});

test.skipIf(!hasVectors)("X25519: agrees, and gives nothing for keys of low order", () => {
  const outcome = (vector: Vector) => {
    const shared = x25519(hexAt(vector, "private"), hexAt(vector, "public"));
    return shared !== undefined && equalBytes(shared, hexAt(vector, "shared"));
  };
  const isZero = (vector: Vector) => /^0+$/.test(String(vector.shared));
  expect(run("x25519_test.json", outcome, (vector) => !isZero(vector))).toBeGreaterThan(200);
  for (const vector of vectors("x25519_test.json").filter(isZero)) {
    expect(x25519(hexAt(vector, "private"), hexAt(vector, "public"))).toBeUndefined();
  }
});

test("Ed25519 signs as RFC 8032 7.1 test 1 says", () => {
  const seed = Buffer.from("9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60", "hex");
  expect(toHex(ed25519PublicKey(seed))).toBe(
    "d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a",
  );
  expect(toHex(ed25519Sign(seed, new Uint8Array()))).toBe(
    "e5564300c360ac729086e2cc806e828a84877f1eb8e5d974d873e065224901555fb8821590a33bacc61e39701cf9b46bd25bf5f0595bbe24655141438e7a100b",
  );
});

test("X25519 agrees in both directions", () => {
  const [a, b] = [new Uint8Array(32).fill(1), new Uint8Array(32).fill(2)];
  expect(x25519(a, x25519PublicKey(b))).toEqual(x25519(b, x25519PublicKey(a)) ?? new Uint8Array());
});

test("Argon2id gives what the reference implementation gives", async () => {
  // argon2 20190702, command line: -id -t 2 -m 16 -p 1 -l 32, password "password", salt "somesalt" (its test.c).
  const key = await argon2id(utf8("password"), utf8("somesalt"), { memoryKib: 65_536, passes: 2, lanes: 1 });
  expect(toHex(key)).toBe("09316115d5cf24ed5a15a31a3ba326e5cf32edc24702987c02b6566f61913cf7");
});
