import {
  type Dirent,
  lstatSync,
  readdirSync,
  readFileSync,
  realpathSync,
  type Stats,
  statSync,
} from "node:fs";
import { join, relative, sep } from "node:path";
import { notice, type ScanNotice } from "../notice.ts";
import { unreadable } from "../unreadable.ts";
import { IGNORE_FILE, IgnoreFile } from "./ignore-file.ts";
import { isIgnoredFolder } from "./ignored-folders.ts";

/** A regular file to be read. */
export interface WalkedFile {
  readonly type: "file";
  readonly path: string;
}

export interface WalkOptions {
  /** Whether a folder is passed over; the built-in list unless given. */
  readonly isIgnored?: (name: string, siblings: ReadonlySet<string>) => boolean;
}

/** An ignore file and the folder that it is in. */
interface Ignores {
  readonly folder: string;
  readonly file: IgnoreFile;
  readonly above: Ignores | undefined;
}

/**
 * Names all files below a path, in the order of names. Links to files outside are followed, as dotfiles often are
 * links; links to folders are not, so that no circle is walked. What is passed over on the way comes as a notice.
 */
export function* walk(root: string, options: WalkOptions = {}): Generator<WalkedFile | ScanNotice> {
  const stats = lstatOf(root);
  if (!stats) return yield notice("gone", root, "there is nothing at this path");
  if (stats.isSymbolicLink()) return yield* walkTarget(root, options);
  if (stats.isDirectory()) return yield* new Walk(root, options).folder(root, undefined);
  yield stats.isFile() ? { type: "file", path: root } : special(root);
}

/** A link that was named itself is followed whatever it points to. */
function* walkTarget(link: string, options: WalkOptions): Generator<WalkedFile | ScanNotice> {
  try {
    yield* statSync(link).isDirectory()
      ? new Walk(link, options).folder(link, undefined)
      : [{ type: "file", path: link } as const];
  } catch (error) {
    yield brokenLink(link, error);
  }
}

class Walk {
  readonly #root: string;
  readonly #isIgnored: (name: string, siblings: ReadonlySet<string>) => boolean;

  constructor(root: string, options: WalkOptions) {
    this.#root = realpathSync(root);
    this.#isIgnored = options.isIgnored ?? isIgnoredFolder;
  }

  *folder(path: string, above: Ignores | undefined): Generator<WalkedFile | ScanNotice> {
    let entries: Dirent[];
    try {
      entries = readdirSync(path, { withFileTypes: true }).toSorted(byName);
    } catch (error) {
      return yield unreadable(path, error);
    }
    const siblings = new Set(entries.map(({ name }) => name));
    const ignores = siblings.has(IGNORE_FILE) ? readIgnores(path, above) : above;
    for (const entry of entries) yield* this.#entry(path, entry, siblings, ignores);
  }

  *#entry(folder: string, entry: Dirent, siblings: ReadonlySet<string>, ignores: Ignores | undefined) {
    const path = join(folder, entry.name);
    const isFolder = entry.isDirectory();
    if (ignores !== undefined && isIgnoredBy(ignores, path, isFolder)) {
      if (isFolder) yield notice("ignored", path, `${IGNORE_FILE} names it`);
      return;
    }
    if (isFolder) yield* this.#subfolder(path, entry.name, siblings, ignores);
    else if (entry.isSymbolicLink()) yield* this.#link(path);
    else yield entry.isFile() ? ({ type: "file", path } as const) : special(path);
  }

  *#subfolder(path: string, name: string, siblings: ReadonlySet<string>, ignores: Ignores | undefined) {
    if (name === ".git") {
      // Its objects are for the history; addresses with a token in them stand in its config.
      const config = join(path, "config");
      if (lstatOf(config)?.isFile()) yield { type: "file", path: config } as const;
    } else if (this.#isIgnored(name, siblings)) {
      yield notice("ignored", path, "a folder of packages, build outputs or caches");
    } else {
      yield* this.folder(path, ignores);
    }
  }

  *#link(path: string): Generator<WalkedFile | ScanNotice> {
    try {
      const target = realpathSync(path);
      const stats = statSync(target);
      const inside = target === this.#root || target.startsWith(this.#root + sep);
      if (stats.isDirectory()) {
        if (!inside)
          yield notice("ignored", path, "a link to a folder elsewhere; name that folder to look at it");
      } else if (stats.isFile() && !inside) yield { type: "file", path };
    } catch (error) {
      yield brokenLink(path, error);
    }
  }
}

function byName(a: Dirent, b: Dirent): number {
  return a.name < b.name ? -1 : 1;
}

function readIgnores(folder: string, above: Ignores | undefined): Ignores | undefined {
  try {
    return { folder, file: new IgnoreFile(readFileSync(join(folder, IGNORE_FILE), "utf8")), above };
  } catch {
    // Ignoring too little is safe.
    return above;
  }
}

function isIgnoredBy({ folder, file, above }: Ignores, path: string, isFolder: boolean): boolean {
  const ignored = file.ignores(relative(folder, path).replaceAll(sep, "/"), isFolder);
  return ignored ?? (above === undefined ? false : isIgnoredBy(above, path, isFolder));
}

function lstatOf(path: string): Stats | undefined {
  try {
    return lstatSync(path);
  } catch {
    return undefined;
  }
}

function special(path: string): ScanNotice {
  return notice("not_a_file", path, "a device, pipe or socket");
}

function brokenLink(path: string, error: unknown): ScanNotice {
  const isLoop = error instanceof Error && "code" in error && error.code === "ELOOP";
  return isLoop
    ? notice("link_loop", path, "its links lead in a circle")
    : notice("broken_link", path, "a link to something that is not there or may not be read");
}
