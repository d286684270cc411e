/** A big-endian number of 16 or 32 bits; `undefined` behind the end. */
export function uint16At(bytes: Uint8Array, at: number): number | undefined {
  const high = bytes[at];
  const low = bytes[at + 1];
  return high === undefined || low === undefined ? undefined : high * 256 + low;
}

export function uint32At(bytes: Uint8Array, at: number): number | undefined {
  const high = uint16At(bytes, at);
  const low = uint16At(bytes, at + 2);
  return high === undefined || low === undefined ? undefined : high * 65_536 + low;
}

/** Whether these ASCII characters stand there. */
export function hasText(bytes: Uint8Array, at: number, text: string): boolean {
  for (let index = 0; index < text.length; index++) {
    if (bytes[at + index] !== text.charCodeAt(index)) return false;
  }
  return true;
}
