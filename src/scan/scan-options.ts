import type { Randomness } from "../kernel/index.ts";
import type { Baseline } from "./baseline.ts";
import type { KnownKeys } from "./known-keys.ts";
import type { Rule } from "./rule.ts";
import type { Source } from "./source.ts";
import type { ScanThreads } from "./threads/scan-threads.ts";

export interface ScanOptions {
  readonly sources: readonly Source[];
  /** For the key of this run under which equal secrets get equal groups. */
  readonly randomness: Randomness;
  /** All of {@link RULES} unless given. */
  readonly rules?: readonly Rule[];
  /** The vault's keys, when it is unlocked: found exactly, in any form. */
  readonly known?: KnownKeys;
  /** Tells Ownkey's own virtual keys, checksum included: these are information. */
  readonly isVirtualKey?: (text: string) => boolean;
  /** Findings in it are left out. */
  readonly baseline?: Baseline;
  /** Called now and then, at most once for each stream. */
  readonly onProgress?: (progress: ScanProgress) => void;
  /** Ends the scan after the file or stream at hand. */
  readonly signal?: AbortSignal;
  /** For files; this thread alone unless given. What is found, and in which order, does not depend on it. */
  readonly threads?: ScanThreads;
}

export interface ScanProgress {
  readonly source: string;
  readonly path: string;
  readonly streams: number;
  readonly sizeBytes: number;
  readonly findings: number;
  /** How many have looked at files so far. */
  readonly threads: number;
}
