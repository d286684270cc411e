import type { Finding } from "../finding.ts";
import type { Place } from "../places.ts";

/** A key that was found in a file on this machine, and what is known of the file. */
export interface KeyPlace {
  readonly finding: Finding;
  /** The file itself; a database for one of its rows. */
  readonly path: string;
  /** Set for files of a tool. */
  readonly place: Place | undefined;
}

/** The first key of each file. */
export function onePerFile(keys: readonly KeyPlace[]): KeyPlace[] {
  return [...new Map(keys.toReversed().map((key) => [key.path, key])).values()].toReversed();
}

/** The places of each key, the key by its group. */
export function byKey(keys: readonly KeyPlace[]): ReadonlyMap<string, readonly KeyPlace[]> {
  return Map.groupBy(keys, ({ finding }) => finding.group);
}

/** As a shell takes it. */
export function shellQuoted(path: string): string {
  return /^[\w@%+=:,./-]+$/.test(path) ? path : `'${path.replaceAll("'", `'\\''`)}'`;
}
