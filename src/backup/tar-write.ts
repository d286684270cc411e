import { fileChunks } from "./byte-streams.ts";
import { BLOCK_BYTES, encodeTarHeader, paddingOf } from "./tar-header.ts";

/** What goes into an archive: bytes at hand, or a file that does not change meanwhile. */
export interface TarSource {
  readonly name: string;
  readonly sizeBytes: number;
  readonly content: Uint8Array | { readonly path: string };
}

/** The archive, piece by piece; holds one piece in memory. */
export async function* writeTar(
  sources: readonly TarSource[],
  modifiedAtS: number,
): AsyncGenerator<Uint8Array, void> {
  for (const { name, sizeBytes, content } of sources) {
    yield encodeTarHeader({ name, sizeBytes, modifiedAtS });
    if (content instanceof Uint8Array) yield content;
    else yield* fileChunks(content.path);
    yield new Uint8Array(paddingOf(sizeBytes));
  }
  yield new Uint8Array(2 * BLOCK_BYTES);
}
