import { existsSync, lstatSync, readdirSync, rmSync } from "node:fs";
import { join } from "node:path";
import { type Check, ok, skip } from "../check.ts";
import type { MachineContext } from "../machine-context.ts";

/** Younger ones may be in the making. */
const OLD_MS = 3_600_000;
/** As `files` names what it writes before it renames it. */
const TEMPORARY = /^\..+\.[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}\.tmp$/;

/** What a killed program leaves: its address, its socket, half-written files. */
export function leftOverCheck({ home, program, clock }: MachineContext): Check {
  return {
    id: "machine.left-over",
    title: "files left over",
    group: "machine",
    run() {
      if (!existsSync(home)) return skip("there is no home yet");
      const stale = program.placeTaken ? [] : runFiles(home);
      const temporary = ["", "run", "log", "ledger", "prices"].flatMap((folder) =>
        temporaryFiles(join(home, folder), clock.nowMs()),
      );
      const all = [...stale, ...temporary];
      if (all.length === 0) return ok("nothing is left over");
      return {
        status: "warn",
        what: `${all.length} files were left by a program that was killed`,
        checklist: all.map((text) => ({ text, state: "cause" as const })),
        next: "ownkey doctor --fix",
        fix: {
          what: `removes ${all.length} files that a killed program left`,
          apply() {
            for (const path of all) rmSync(path, { force: true });
          },
        },
      };
    },
  };
}

function runFiles(home: string): string[] {
  const folder = join(home, "run");
  return namesIn(folder)
    .filter((name) => name === "up.json" || name.endsWith(".sock"))
    .map((name) => join(folder, name));
}

function temporaryFiles(folder: string, nowMs: number): string[] {
  return namesIn(folder)
    .filter((name) => TEMPORARY.test(name))
    .map((name) => join(folder, name))
    .filter((path) => nowMs - (lstatSync(path, { throwIfNoEntry: false })?.mtimeMs ?? nowMs) > OLD_MS);
}

function namesIn(folder: string): string[] {
  try {
    return readdirSync(folder);
  } catch {
    return [];
  }
}
