import { homedir } from "node:os";
import { join, resolve } from "node:path";

/** The private folder: `OWNKEY_HOME`, else `~/.ownkey`; always absolute. */
export function homeOf(environment: Readonly<Record<string, string | undefined>>): string {
  const told = environment["OWNKEY_HOME"];
  return told ? resolve(told) : join(environment["HOME"] ?? homedir(), ".ownkey");
}
