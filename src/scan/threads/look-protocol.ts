/**
 * What a scan and its threads say to each other: first {@link LookBegin}, answered by `"ready"`; then paths, answered by
 * what was found in their files. Found secrets pass from thread to thread within the process, and nowhere else.
 */
import type { SharedKnownKeys } from "../known-keys.ts";
import type { ScanNotice } from "../notice.ts";
import type { Rule } from "../rule.ts";
import type { Looked } from "../stream-reading.ts";
import type { Hit } from "../stream-scanner.ts";

export interface LookBegin {
  readonly known: SharedKnownKeys | undefined;
}

/** A batch of files. */
export interface LookCall {
  readonly paths: readonly string[];
}

export type LookAnswer = "ready" | WireLooked;

/** Nearly all files have nothing but a size to tell. */
export interface WireLooked {
  readonly sizes: readonly number[];
  readonly found: readonly WireFound[];
}

interface WireFound {
  /** Which of the paths. */
  readonly at: number;
  readonly hits: readonly WireHit[];
  readonly notices: readonly ScanNotice[];
}

/** A hit with its rule by id: rules hold patterns and functions, which do not pass between threads. */
interface WireHit extends Omit<Hit, "rule"> {
  readonly rule: string | undefined;
}

export function toWire(looked: readonly Looked[]): WireLooked {
  return {
    sizes: looked.map(({ sizeBytes }) => sizeBytes),
    found: [...looked.entries()]
      .filter(([, { hits, notices }]) => hits.length > 0 || notices.length > 0)
      .map(([at, { hits, notices }]) => ({
        at,
        hits: hits.map((hit) => ({ ...hit, rule: hit.rule?.id })),
        notices,
      })),
  };
}

export function fromWire({ sizes, found }: WireLooked, ruleOf: (id: string) => Rule | undefined): Looked[] {
  const looked: Looked[] = sizes.map((sizeBytes) => ({ sizeBytes, hits: NONE, notices: NONE }));
  for (const { at, hits, notices } of found) {
    looked[at] = {
      sizeBytes: sizes[at] ?? 0,
      hits: hits.map((hit) => ({ ...hit, rule: hit.rule === undefined ? undefined : ruleOf(hit.rule) })),
      notices,
    };
  }
  return looked;
}

const NONE: readonly never[] = [];
