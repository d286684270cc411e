/** Which repositories are guarded, one path a line, so that leaving finds them. Kept only where there is a home. */
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { writeDurable } from "../files/index.ts";

export function guardedRepositories(home: string): string[] {
  const path = listPath(home);
  return existsSync(path)
    ? readFileSync(path, "utf8")
        .split("\n")
        .filter((line) => line !== "")
    : [];
}

/** A repository that cannot be noted is guarded all the same. */
export function noteGuarded(home: string, repository: string, isGuarded: boolean): void {
  if (!existsSync(home)) return;
  const before = guardedRepositories(home);
  const others = before.filter((one) => one !== repository);
  const after = isGuarded ? [...others, repository] : others;
  if (after.join("\n") === before.join("\n")) return;
  writeDurable(listPath(home), after.map((line) => `${line}\n`).join(""));
}

function listPath(home: string): string {
  return join(home, "guarded");
}
