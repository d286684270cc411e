import { chmodSync, lstatSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { type Check, ok, skip } from "../check.ts";
import type { MachineContext } from "../machine-context.ts";

/** A home has some dozen files; what has more is none, or holds old copies. */
const MAX_ENTRIES = 5_000;

/** Nobody else may read or write the home or anything in it. */
export function permissionCheck({ home, platform, userId }: MachineContext): Check {
  return {
    id: "machine.permissions",
    title: "permissions of the home",
    group: "machine",
    run() {
      if (platform === "win32") return skip("Windows keeps rights elsewhere; they are not looked at");
      if (lstatSync(home, { throwIfNoEntry: false }) === undefined) {
        return skip(`there is no home yet at ${home}`, "ownkey up makes it");
      }
      const entries = walk(home);
      const foreign = entries.filter(({ uid }) => uid !== userId);
      if (foreign.length > 0) {
        return {
          status: "fail",
          what: `${foreign.length} files of the home belong to another user`,
          checklist: foreign.slice(0, 5).map(({ path }) => ({ text: path, state: "cause" as const })),
          next: `sudo chown -R "$(id -u)" '${home.replaceAll("'", `'\\''`)}'`,
        };
      }
      const open = entries.filter(({ mode }) => (mode & 0o077) !== 0);
      if (open.length === 0) return ok("the home is the owner's alone");
      return {
        status: "fail",
        what: `others can read or write ${open.length === 1 ? "one file" : `${open.length} files`} of the home`,
        why: "Ownkey refuses to open a home that others can read",
        checklist: open.slice(0, 10).map(({ path, mode }) => ({
          text: `${path} has mode ${(mode & 0o777).toString(8)}`,
          state: "cause" as const,
        })),
        next: "ownkey doctor --fix",
        fix: {
          what: `takes the rights of others away from ${open.length} files and folders of the home`,
          apply() {
            for (const { path, mode } of open) chmodSync(path, mode & 0o700);
          },
        },
      };
    },
  };
}

interface Entry {
  readonly path: string;
  readonly mode: number;
  readonly uid: number;
}

/** Links are not followed: their own mode means nothing, and what they point to is not the home's. */
function walk(root: string): Entry[] {
  const found: Entry[] = [];
  const queue = [root];
  for (let path = queue.pop(); path !== undefined && found.length < MAX_ENTRIES; path = queue.pop()) {
    const stats = lstatSync(path, { throwIfNoEntry: false });
    if (!stats || stats.isSymbolicLink()) continue;
    found.push({ path, mode: stats.mode, uid: stats.uid });
    if (stats.isDirectory()) queue.push(...namesIn(path).map((name) => join(path ?? "", name)));
  }
  return found;
}

function namesIn(folder: string): string[] {
  try {
    return readdirSync(folder);
  } catch {
    return [];
  }
}
