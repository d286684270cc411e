const encoder = new TextEncoder();
const decoder = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

export function utf8(text: string): Uint8Array {
  return encoder.encode(text);
}

/** Throws a `TypeError` on bytes that are not UTF-8. */
export function fromUtf8(bytes: Uint8Array): string {
  return decoder.decode(bytes);
}

export function concatBytes(...parts: readonly Uint8Array[]): Uint8Array {
  const whole = new Uint8Array(parts.reduce((size, part) => size + part.length, 0));
  let offset = 0;
  for (const part of parts) {
    whole.set(part, offset);
    offset += part.length;
  }
  return whole;
}

/** Compares in time that depends on the lengths only. */
export function equalBytes(a: Uint8Array, b: Uint8Array): boolean {
  return a.length === b.length && crypto.timingSafeEqual(a, b);
}

export function toHex(bytes: Uint8Array): string {
  return bytes.toHex();
}

/**
 * Where `wanted` first stands, or -1. Buffer's search works on all bytes: making a Buffer of a small array first would
 * cost ten times as much as searching it, as its memory then has to become an ArrayBuffer.
 */
export function indexOfBytes(bytes: Uint8Array, wanted: Uint8Array | number, from = 0): number {
  return Buffer.prototype.indexOf.call(bytes, wanted, from);
}

/** A part as text, without making a Buffer of it first; see {@link indexOfBytes}. */
export function textOfPart(
  bytes: Uint8Array,
  start: number,
  end: number,
  encoding: "utf8" | "latin1" = "utf8",
): string {
  return Buffer.prototype.toString.call(bytes, encoding, start, end);
}

export function toBase64Url(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString("base64url");
}

/** Strict: anything that this encoding would not have written gives `undefined`. */
export function fromBase64Url(text: string): Uint8Array | undefined {
  const bytes = new Uint8Array(Buffer.from(text, "base64url"));
  return toBase64Url(bytes) === text ? bytes : undefined;
}

export function fromHex(text: string): Uint8Array | undefined {
  return /^(?:[0-9a-f]{2})*$/.test(text) ? new Uint8Array(Buffer.from(text, "hex")) : undefined;
}

/**
 * Joins parts so that no two different lists give the same bytes: each part follows its length as 8 bytes,
 * big endian. Strings are UTF-8, numbers and bigints are unsigned 64-bit.
 */
export function lengthPrefixed(...parts: readonly (string | number | bigint | Uint8Array)[]): Uint8Array {
  return concatBytes(
    ...parts.flatMap((part) => {
      const bytes = typeof part === "string" ? utf8(part) : part instanceof Uint8Array ? part : uint64(part);
      return [uint64(bytes.length), bytes];
    }),
  );
}

/** Unsigned 64-bit, big endian. */
export function uint64(value: number | bigint): Uint8Array {
  const bytes = new Uint8Array(8);
  // Lengths and versions, written without a DataView: this runs for every part of every row's MAC.
  if (typeof value === "number" && value >= 0 && value < 2 ** 32) {
    bytes[4] = value >>> 24;
    bytes[5] = value >>> 16;
    bytes[6] = value >>> 8;
    bytes[7] = value;
  } else {
    new DataView(bytes.buffer).setBigUint64(0, BigInt(value));
  }
  return bytes;
}
