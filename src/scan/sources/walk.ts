import { type Dirent, lstatSync, readdirSync, realpathSync, type Stats, statSync } from "node:fs";
import { join, normalize, relative, sep } from "node:path";
import { notice, type ScanNotice } from "../notice.ts";
import { smallText } from "../small-text.ts";
import type { SourceFile, SourceStream } from "../source.ts";
import { unreadable } from "../unreadable.ts";
import { IGNORE_FILE, IgnoreFile } from "./ignore-file.ts";
import { isIgnoredFolder } from "./ignored-folders.ts";
import { filesBelowBytes, mayBeUndecodable, textOf, undecodableNames } from "./undecodable.ts";

export interface WalkOptions {
  /** Whether a folder is passed over; the built-in list unless given. */
  readonly isIgnored?: (name: string, siblings: ReadonlySet<string>) => boolean;
}

/** A file is a stream where only the bytes of its name name it. */
export type Walked = SourceFile | SourceStream | ScanNotice;

/** An ignore file and the folder that it is in. */
interface Ignores {
  readonly folder: string;
  readonly file: IgnoreFile;
  readonly above: Ignores | undefined;
}

/** A folder that is being gone through. */
interface OpenFolder {
  readonly path: string;
  readonly entries: Iterator<Dirent>;
  readonly siblings: ReadonlySet<string>;
  readonly ignores: Ignores | undefined;
}

/**
 * Names all files below a path, in the order of names. Links to files outside are followed, as dotfiles often are
 * links; links to folders are not, so that no circle is walked. What is passed over on the way comes as a notice.
 */
export function* walk(root: string, options: WalkOptions = {}): Generator<Walked> {
  const stats = lstatOf(root);
  if (!stats) return yield notice("gone", root, "there is nothing at this path");
  if (stats.isSymbolicLink()) return yield* walkTarget(root, options);
  if (stats.isDirectory()) return yield* new Walk(root, options).through();
  yield stats.isFile() ? { type: "file", path: root } : special(root);
}

/** A link that was named itself is followed whatever it points to. */
function* walkTarget(link: string, options: WalkOptions): Generator<Walked> {
  try {
    yield* statSync(link).isDirectory()
      ? new Walk(link, options).through()
      : [{ type: "file", path: link } as const];
  } catch (error) {
    yield brokenLink(link, error);
  }
}

class Walk {
  readonly #path: string;
  readonly #root: string;
  readonly #isIgnored: (name: string, siblings: ReadonlySet<string>) => boolean;
  /** From the root down to where the walk is. No call for each folder: each file would pass through all of them. */
  readonly #open: OpenFolder[] = [];

  constructor(root: string, options: WalkOptions) {
    this.#path = normalize(root);
    this.#root = realpathSync(root);
    this.#isIgnored = options.isIgnored ?? isIgnoredFolder;
  }

  *through(): Generator<Walked> {
    yield* this.#enter(this.#path, undefined);
    for (let folder = this.#open.at(-1); folder; folder = this.#open.at(-1)) {
      const { value: entry, done } = folder.entries.next();
      if (done) this.#open.pop();
      else if (entry.isFile() && folder.ignores === undefined) {
        yield { type: "file", path: below(folder.path, entry.name) };
      } else yield* this.#other(folder, entry);
    }
  }

  *#enter(path: string, above: Ignores | undefined): Generator<Walked> {
    try {
      const entries = readdirSync(path, { withFileTypes: true }).toSorted(byName);
      const siblings = new Set(entries.map(({ name }) => name));
      const ignores = siblings.has(IGNORE_FILE) ? readIgnores(path, above) : above;
      const broken = entries.some(({ name }) => mayBeUndecodable(name)) ? undecodableNames(path) : [];
      const texts = new Set(broken.map(textOf));
      const readable = broken.length === 0 ? entries : entries.filter(({ name }) => !texts.has(name));
      this.#open.push({ path, entries: readable.values(), siblings, ignores });
      for (const name of broken) yield* this.#undecodable(path, name, siblings);
    } catch (error) {
      yield unreadable(path, error);
    }
  }

  #undecodable(folder: string, name: Uint8Array, siblings: ReadonlySet<string>): Generator<Walked> {
    const path = Buffer.concat([Buffer.from(below(folder, "")), name]);
    return filesBelowBytes(path, (other) => other === ".git" || this.#isIgnored(other, siblings));
  }

  *#other({ path: folder, siblings, ignores }: OpenFolder, entry: Dirent): Generator<Walked> {
    const path = below(folder, entry.name);
    const isFolder = entry.isDirectory();
    if (ignores !== undefined && isIgnoredBy(ignores, path, isFolder)) {
      if (isFolder) yield notice("ignored", path, `${IGNORE_FILE} names it`);
      return;
    }
    if (isFolder) yield* this.#subfolder(path, entry.name, siblings, ignores);
    else if (entry.isSymbolicLink()) yield* this.#link(path);
    else yield entry.isFile() ? { type: "file", path } : special(path);
  }

  *#subfolder(
    path: string,
    name: string,
    siblings: ReadonlySet<string>,
    ignores: Ignores | undefined,
  ): Generator<Walked> {
    if (name === ".git") {
      // Its objects are for the history; addresses with a token in them stand in its config, keys in hooks.
      const config = join(path, "config");
      if (lstatOf(config)?.isFile()) yield { type: "file", path: config };
      yield* ownHooks(join(path, "hooks"));
    } else if (this.#isIgnored(name, siblings)) {
      yield notice("ignored", path, "a folder of packages, build outputs or caches");
    } else {
      yield* this.#enter(path, ignores);
    }
  }

  *#link(path: string): Generator<Walked> {
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

/** Git's own examples, of which every repository has a dozen, are left out. */
function ownHooks(folder: string): SourceFile[] {
  try {
    return readdirSync(folder, { withFileTypes: true })
      .filter((entry) => entry.isFile() && !entry.name.endsWith(".sample"))
      .toSorted(byName)
      .map(({ name }) => ({ type: "file", path: join(folder, name) }));
  } catch {
    // A repository need not have any.
    return [];
  }
}

/** As `join` gives it for a path that is in order already. */
function below(folder: string, name: string): string {
  return folder.endsWith(sep) ? folder + name : folder + sep + name;
}

function byName(a: Dirent, b: Dirent): number {
  return a.name < b.name ? -1 : 1;
}

function readIgnores(folder: string, above: Ignores | undefined): Ignores | undefined {
  const text = smallText(join(folder, IGNORE_FILE));
  // Ignoring too little is safe.
  return text === undefined ? above : { folder, file: new IgnoreFile(text), above };
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
