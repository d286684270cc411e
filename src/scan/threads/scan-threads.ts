import { availableParallelism } from "node:os";
import type { SharedKnownKeys } from "../known-keys.ts";
import { LookThreads } from "./look-threads.ts";

/** Threads that a scan may start when there is enough to do. */
export interface ScanThreads {
  /** So much is looked at without them. */
  readonly afterBytes: number;
  /** @param onEnd told of each thread that ends by itself, and why */
  start(known: SharedKnownKeys | undefined, onEnd: (why: string) => void): LookThreads;
}

/**
 * With the time that files themselves take, about half a second. A thread takes a fifth of one to get up to speed, and what
 * has gone on for a while is likely to go on for as long again.
 */
const WORTHWHILE_BYTES = 192 * 1024 * 1024;
/** With more, the one that names the files and puts together what was found would be the slowest. */
const MOST_BY_DEFAULT = 8;

/**
 * @param count the thread that scans included; as many as there are processors unless given
 */
export function scanThreads(
  count = Math.min(availableParallelism(), MOST_BY_DEFAULT),
): ScanThreads | undefined {
  if (count < 2) return undefined;
  return {
    afterBytes: WORTHWHILE_BYTES,
    start: (known, onEnd) => new LookThreads({ count: count - 1, known, onEnd }),
  };
}
