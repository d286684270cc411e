import { readFileSync, statSync } from "node:fs";
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
    const stats = statSync(path);
    if (!stats.isFile() || stats.size > LARGEST_BYTES) return undefined;
    return fromUtf8(readFileSync(path)).replace(/^\ufeff/, "");
  } catch {
    return undefined;
  }
}
