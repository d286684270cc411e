/**
 * Where secrets can be: rows of at least 20 letters, digits, `_` and `-`. Every key known is such a row or holds one,
 * and source code has few: one in some 300 bytes. Looking at the last byte of each possible row first, as Boyer and
 * Moore did, lets the search pass over most bytes without reading them.
 */
export const SHORTEST_RUN = 20;

/** 1 for bytes that runs are made of. */
const IN_RUN = table("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_-");

export function isRunByte(byte: number | undefined): boolean {
  return byte !== undefined && IN_RUN[byte] === 1;
}

/**
 * Where the first run begins that begins within `bytes[from, to)`; -1 when none does. It may end after `to`. A run
 * under way at `from` counts as beginning there.
 */
export function nextRun(bytes: Uint8Array, from: number, to: number): number {
  const last = Math.min(to - 1, bytes.length - SHORTEST_RUN);
  for (let start = from; start <= last;) {
    let at = start + SHORTEST_RUN - 1;
    while (at >= start && IN_RUN[bytes[at] ?? 0] === 1) at--;
    if (at < start) return start;
    start = at + 1;
  }
  return -1;
}

/** Where the run ends that begins at `start`. */
export function endOfRun(bytes: Uint8Array, start: number): number {
  let end = start + SHORTEST_RUN;
  while (end < bytes.length && IN_RUN[bytes[end] ?? 0] === 1) end++;
  return end;
}

/** 256 entries, 1 for each byte of the text. */
export function table(chars: string): Uint8Array {
  const entries = new Uint8Array(256);
  for (const char of chars) entries[char.charCodeAt(0)] = 1;
  return entries;
}
