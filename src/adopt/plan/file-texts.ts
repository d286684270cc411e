import { readSmallFile } from "../../files/index.ts";
import { fromUtf8 } from "../../kernel/index.ts";

const LARGEST_BYTES = 4 * 1024 * 1024;

/** The texts of files, each read once; without a BOM. `undefined` for what is no text, too large, or not to be read. */
export class FileTexts {
  readonly #texts = new Map<string, string | undefined>();

  of(path: string): string | undefined {
    if (!this.#texts.has(path)) this.#texts.set(path, readText(path));
    return this.#texts.get(path);
  }
}

export function readText(path: string): string | undefined {
  try {
    const bytes = readBytes(path);
    return bytes && fromUtf8(bytes).replace(/^\ufeff/, "");
  } catch {
    return undefined;
  }
}

/** `undefined` for what is not to be read, or larger than a file of settings. */
export function readBytes(path: string): Uint8Array | undefined {
  return readSmallFile(path, LARGEST_BYTES);
}
