import { concatBytes, indexOfBytes } from "../kernel/index.ts";

/** How a stream's bytes are to be read. */
export type Encoding = "bytes" | "utf-16le" | "utf-16be";

export interface ContentKind {
  readonly encoding: Encoding;
  /** Holds zero bytes without being UTF-16: a database, a program, a picture. */
  readonly binary: boolean;
}

const SAMPLE_BYTES = 4096;
/** What stands for a character beyond Latin-1: no secret holds it. */
const OTHER = 0x1a;

/** Judged by a byte order mark or, in its absence, by where the first bytes are zero. */
export function contentKind(start: Uint8Array): ContentKind {
  if (start[0] === 0xff && start[1] === 0xfe) return { encoding: "utf-16le", binary: false };
  if (start[0] === 0xfe && start[1] === 0xff) return { encoding: "utf-16be", binary: false };
  const size = Math.min(start.length, SAMPLE_BYTES) & ~1;
  // Nearly all text; counting would take as long as to look for secrets in it.
  if (indexOfBytes(start.length > size ? start.subarray(0, size) : start, 0) < 0) {
    return { encoding: "bytes", binary: false };
  }
  let even = 0;
  let odd = 0;
  for (let at = 0; at < size; at += 2) {
    if (start[at] === 0) even++;
    if (start[at + 1] === 0) odd++;
  }
  const most = (size / 2) * 0.8;
  if (odd > most && even === 0) return { encoding: "utf-16le", binary: false };
  if (even > most && odd === 0) return { encoding: "utf-16be", binary: false };
  return { encoding: "bytes", binary: true };
}

/** UTF-16 as one byte for each unit. Keeps a unit that a chunk cuts in two for the next chunk. */
export class Utf16Narrower {
  readonly #low: 0 | 1;
  #half: number | undefined;

  constructor(encoding: "utf-16le" | "utf-16be") {
    this.#low = encoding === "utf-16le" ? 0 : 1;
  }

  narrow(chunk: Uint8Array): Uint8Array {
    const half = this.#half;
    const bytes = half === undefined ? chunk : concatBytes(Uint8Array.of(half), chunk);
    this.#half = bytes.length % 2 === 1 ? bytes.at(-1) : undefined;
    const units = new Uint8Array(bytes.length >> 1);
    for (let at = 0; at < units.length; at++)
      units[at] = this.#unit(bytes[2 * at] ?? 0, bytes[2 * at + 1] ?? 0);
    return units;
  }

  #unit(first: number, second: number): number {
    const [low, high] = this.#low === 0 ? [first, second] : [second, first];
    return high === 0 ? low : OTHER;
  }
}
