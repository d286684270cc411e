import type { Readers } from "../origin.ts";

/** A part of a history, as `git rev-list` takes it. */
export interface Revisions {
  readonly flags: readonly string[];
  readonly input: Uint8Array | "ignore";
  /** Whoever has the repository, or left out for what is given to nobody. */
  readonly readers?: Readers;
}
