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

/** A fifth of a second or so: a thread takes that long to get up to speed. */
const WORTHWHILE_BYTES = 48 * 1024 * 1024;
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
