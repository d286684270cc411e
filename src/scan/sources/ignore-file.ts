/**
 * `.ownkeyignore`: the lines of a `.gitignore`. A pattern with a slash before its end counts from the file's folder,
 * another one at any depth; a slash at its end means folders; `!` takes a path back; the last line that fits decides.
 * `.gitignore` itself is not read: it names `.env`, where the keys are.
 */
import { Glob } from "bun";

export const IGNORE_FILE = ".ownkeyignore";

interface Line {
  readonly glob: Glob;
  readonly ignores: boolean;
  readonly foldersOnly: boolean;
}

/** Longer lines and files are no lists of patterns. */
const LONGEST_LINE = 512;
const MOST_LINES = 1000;

export class IgnoreFile {
  readonly #lines: readonly Line[];

  constructor(text: string) {
    this.#lines = text.split(/\r?\n/).slice(0, MOST_LINES).flatMap(parseLine).toReversed();
  }

  /**
   * `undefined` when no line fits: then the file of the folder above decides.
   * @param path relative to the ignore file's folder, with `/`
   */
  ignores(path: string, isFolder: boolean): boolean | undefined {
    const fitting = this.#lines.find(
      ({ glob, foldersOnly }) => (isFolder || !foldersOnly) && glob.match(path),
    );
    return fitting?.ignores;
  }
}

function parseLine(line: string): Line[] {
  const trimmed = line.replace(/(?<!\\)[ \t]+$/, "");
  if (trimmed === "" || trimmed.startsWith("#") || trimmed.length > LONGEST_LINE) return [];
  const ignores = !trimmed.startsWith("!");
  const pattern = trimmed.slice(ignores ? 0 : 1);
  const foldersOnly = pattern.endsWith("/");
  const whole = foldersOnly ? pattern.slice(0, -1) : pattern;
  const anchored = whole.replace(/^\//, "");
  // Braces mean nothing in these files, but do to Glob.
  const escaped = anchored.replace(/[{}]/g, String.raw`\$&`);
  const glob = new Glob(whole.includes("/") ? escaped : `**/${escaped}`);
  return [{ glob, ignores, foldersOnly }];
}
