import { join } from "node:path";
import type { Config } from "../config.ts";
import { ensurePrivateDir } from "../files/index.ts";
import { BodyKeeper, clearSpools } from "../gateway/index.ts";
import type { Randomness } from "../kernel/index.ts";

const MIB = 1024 * 1024;
/** However many processes there are: the largest requests that providers take in one piece should pass each of them. */
const LEAST_MIB = 32;

/** Keeps this process's part of all request bodies, with a folder in the home for those that go through a file. */
export function openBodyKeeper(
  { home, bodyMemoryMb, workers }: Pick<Config, "home" | "bodyMemoryMb" | "workers">,
  randomness: Randomness,
): BodyKeeper {
  const folder = join(home, "spool");
  ensurePrivateDir(folder);
  clearSpools(folder);
  const limitBytes = Math.max(LEAST_MIB, Math.floor(bodyMemoryMb / workers)) * MIB;
  return new BodyKeeper({ limitBytes, folder, randomness });
}
