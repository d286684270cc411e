import { isPackedFile } from "../content.ts";
import type { Source } from "../source.ts";
import { walk, type Walked, type WalkOptions } from "./walk.ts";

export interface PathsSourceOptions extends WalkOptions {
  /** Files and folders, in the form in which findings shall name them. */
  readonly paths: readonly string[];
}

/** The files that the paths name, as a source of their own. */
export function pathsSource(options: PathsSourceOptions): Source {
  return { name: options.paths.join(" "), items: () => filesBelow(options) };
}

/**
 * Files and what is in folders, nested repositories included. `.gitignore` is not honoured, `.ownkeyignore` is.
 * Pictures, archives and other packed contents are passed over by their names.
 */
export function* filesBelow({ paths, ...options }: PathsSourceOptions): Generator<Walked> {
  for (const root of paths) {
    for (const found of walk(root, options)) {
      if ("chunks" in found || found.type === "notice" || !isPackedFile(found.path)) yield found;
    }
  }
}
