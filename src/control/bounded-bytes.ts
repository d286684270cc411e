import { concatBytes } from "../kernel/index.ts";

/**
 * Reads a body to its end, or gives `undefined` as soon as it is larger than the limit: no more than that is held,
 * whatever length was announced, and the rest is not waited for.
 */
export async function readBytesAtMost(
  body: ReadableStream<Uint8Array> | null,
  maxBytes: number,
): Promise<Uint8Array | undefined> {
  const chunks: Uint8Array[] = [];
  let sizeBytes = 0;
  // Leaving the loop cancels the stream.
  for await (const chunk of body ?? []) {
    sizeBytes += chunk.length;
    if (sizeBytes > maxBytes) return undefined;
    chunks.push(chunk);
  }
  return concatBytes(...chunks);
}
