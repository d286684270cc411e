/**
 * Editors keep secrets encrypted by Chromium's OSCrypt. On Linux without a keyring it takes a password that is the same
 * on every machine (`v10` before the ciphertext; `v11` is a real one): any program can decrypt them.
 */
import { textOfPart } from "../../kernel/index.ts";
import type { Finding } from "../finding.ts";
import type { DatabaseValue } from "../state-database.ts";
import { placeFinding } from "./setting-finding.ts";

/** A secret of an editor that only looks encrypted. */
export interface ObfuscatedRow {
  readonly path: string;
  readonly row: string;
}

/** A Buffer as VS Code writes it, of which the first bytes are `v10`. */
const BUFFER = /^\{"type":"Buffer","data":\[118,49,48,\d/;
const LONGEST_BEGINNING = 64;

export function isObfuscated({ name, bytes }: Pick<DatabaseValue, "name" | "bytes">): boolean {
  if (!name.startsWith("secret://")) return false;
  return BUFFER.test(textOfPart(bytes, 0, Math.min(bytes.length, LONGEST_BEGINNING), "latin1"));
}

/** One finding for each database: what helps is the same for all of its rows. */
export function checkObfuscated(rows: readonly ObfuscatedRow[], platform: string): Finding[] {
  // Elsewhere v10 stands for a key of the system's own store.
  if (platform === "win32" || platform === "darwin") return [];
  return [...Map.groupBy(rows, ({ path }) => path)].map(([path, { length }]) =>
    placeFinding(
      { kind: "tool", path, line: 0, column: 0 },
      {
        rule: "obfuscated",
        severity: "medium",
        title: `${length} secrets of this editor are encrypted with a password that is the same on every machine: any program can read them`,
        fix: "set up a keyring (GNOME Keyring or KWallet), start the editor with --password-store=gnome-libsecret, and enter the keys again",
      },
    ),
  );
}
