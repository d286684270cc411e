import { concatBytes } from "./bytes.ts";

export interface Beginning {
  /** At most as many as asked for. */
  readonly bytes: Uint8Array;
  /** False when there was more: the rest is not waited for. */
  readonly isWhole: boolean;
}

/** Reads a body to its end, or its beginning: no more than `maxBytes` is held, whatever length was announced. */
export async function readUpTo(
  body: ReadableStream<Uint8Array> | null,
  maxBytes: number,
): Promise<Beginning> {
  const chunks: Uint8Array[] = [];
  let left = maxBytes;
  // Leaving the loop cancels the stream.
  for await (const chunk of body ?? []) {
    chunks.push(chunk.subarray(0, left));
    if (chunk.length > left) return { bytes: concatBytes(...chunks), isWhole: false };
    left -= chunk.length;
  }
  return { bytes: concatBytes(...chunks), isWhole: true };
}
