/**
 * What the pre-commit hook runs before each commit. Nearly all commits hold no key, so that is found out with the
 * scanner alone; only when there is something to say is the command line loaded, which looks again and says it.
 */
import { existsSync } from "node:fs";
import { join } from "node:path";
import { systemRandomness } from "../kernel/index.ts";
import { scan, stagedSource } from "../scan/index.ts";

/** False when there is anything to tell, or when a baseline has to be taken into account. */
export async function isStagedChangeClean(
  folder: string,
  env: Readonly<Record<string, string | undefined>>,
): Promise<boolean> {
  if (existsSync(join(folder, ".ownkey-baseline.json"))) return false;
  for await (const event of scan({
    sources: [stagedSource({ folder, env })],
    randomness: systemRandomness,
  })) {
    if (event.type === "finding" ? event.severity !== "info" : event.reason === "source_failed") return false;
  }
  return true;
}
