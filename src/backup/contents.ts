import { existsSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { isArchiveName, MANIFEST_NAME } from "./names.ts";
import { RESTORED_NAME } from "./restored.ts";

/** The folder inside a home where a backup under way keeps its copies. */
export const STAGING_NAME = "backup.tmp";

export interface HomeFile {
  /** Path inside the home, with `/`. */
  readonly name: string;
  readonly kind: "file" | "database";
}

export interface HomeContents {
  /** In the order in which they must be copied: see {@link listHome}. */
  readonly files: readonly HomeFile[];
  /** Names of what is there, looks like data and cannot be taken: links, odd names. */
  readonly skipped: readonly string[];
}

/** What belongs to a running process or to a machine, and not to the data. */
const LEFT_OUT = [
  /^(?:log|run)$/,
  /^(?:reserve|restored)$/,
  /(?:^|\/)\.[^/]*$/,
  /\.(?:tmp|lock|sock|pid)$/,
  /-(?:wal|shm|journal)$/,
];

/**
 * Everything of a home that a backup holds, in copying order: plain files first, then the ledgers, `control.db` last.
 * The epoch file is so never ahead of the database beside it, and whatever a ledger row refers to is in `control.db`.
 */
export function listHome(home: string): HomeContents {
  const files: HomeFile[] = [];
  const skipped: string[] = [];
  const walk = (folder: string, prefix: string) => {
    for (const entry of readdirSync(folder, { withFileTypes: true })) {
      const name = prefix + entry.name;
      if (isLeftOut(name) || entry.isSocket() || entry.isFIFO()) continue;
      if (entry.isDirectory()) walk(join(folder, entry.name), `${name}/`);
      else if (entry.isFile() && isArchiveName(name) && name !== MANIFEST_NAME) {
        files.push({ name, kind: isDatabase(name) ? "database" : "file" });
      } else skipped.push(name);
    }
  };
  walk(home, "");
  return { files: files.sort(byCopyingOrder), skipped: skipped.sort() };
}

export function isKeyFile(name: string): boolean {
  return /^unlock-[^/]+\.key$/.test(name);
}

export function isDatabase(name: string): boolean {
  return name.endsWith(".db");
}

/** True when a home holds nothing that a backup would: no file but locks and logs, or is not there at all. */
export function isEmptyHome(home: string): boolean {
  if (!existsSync(home)) return true;
  const { files, skipped } = listHome(home);
  return files.length === 0 && skipped.length === 0;
}

function isLeftOut(name: string): boolean {
  return name === STAGING_NAME || name === RESTORED_NAME || LEFT_OUT.some((pattern) => pattern.test(name));
}

function byCopyingOrder(a: HomeFile, b: HomeFile): number {
  return rank(a) - rank(b) || (a.name < b.name ? -1 : 1);
}

function rank({ name, kind }: HomeFile): number {
  if (name === "control.db") return 2;
  return kind === "database" ? 1 : 0;
}
