import { AppError, fromHex, toHex } from "../kernel/index.ts";
import { HASH_SIZE_BYTES } from "./merkle.ts";

const MODULUS = 1n << 256n;

/** A digest as a number, big endian. @throws AppError `internal` unless it has 32 bytes. */
export function digestValue(digest: Uint8Array): bigint {
  if (digest.length !== HASH_SIZE_BYTES) {
    throw new AppError("internal", `a protected row's digest has ${digest.length} bytes, expected 32`);
  }
  return BigInt(`0x${toHex(digest)}`);
}

/** The sum after a change, modulo 2²⁵⁶: it does not depend on the order in which rows came and went. */
export function changeSum(sum: Uint8Array, change: bigint): Uint8Array {
  const value = (((digestValue(sum) + change) % MODULUS) + MODULUS) % MODULUS;
  return fromHex(value.toString(16).padStart(2 * HASH_SIZE_BYTES, "0")) ?? sum;
}

export function emptySum(): Uint8Array {
  return new Uint8Array(HASH_SIZE_BYTES);
}
