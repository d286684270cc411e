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
 * Calls `visit` for each longest run that begins within `bytes[from, to)`, in order; runs may end after `to`. A run
 * under way at `from` counts as beginning there. Gives where the search may go on: `to`, or the end of the last run.
 */
export function eachRun(
  bytes: Uint8Array,
  from: number,
  to: number,
  visit: (start: number, end: number) => void,
): number {
  const sizeBytes = bytes.length;
  let start = from;
  while (start < to && start + SHORTEST_RUN <= sizeBytes) {
    let at = start + SHORTEST_RUN - 1;
    while (at >= start && IN_RUN[bytes[at] ?? 0] === 1) at--;
    if (at >= start) {
      start = at + 1;
      continue;
    }
    let end = start + SHORTEST_RUN;
    while (end < sizeBytes && IN_RUN[bytes[end] ?? 0] === 1) end++;
    visit(start, end);
    start = end + 1;
  }
  return Math.min(Math.max(start, to), sizeBytes);
}

/** 256 entries, 1 for each byte of the text. */
export function table(chars: string): Uint8Array {
  const entries = new Uint8Array(256);
  for (const char of chars) entries[char.charCodeAt(0)] = 1;
  return entries;
}
