import { afterDashes, afterEscape } from "./escapes.ts";
import { isRunByte } from "./runs.ts";
import type { MarkedRule } from "./rule.ts";
import { WordFilter } from "./word-filter.ts";

interface Mark {
  readonly bytes: Uint8Array;
  readonly rule: MarkedRule;
}

const DOT = 0x2e;
/** `u0022`, `32m`, dashes. */
const LONGEST_ESCAPE = 8;

/** Finds which rules' marks stand at a place by its three bytes. */
export class MarkIndex {
  readonly #byFirst = new Map<number, readonly Mark[]>();
  readonly #byLast = new Map<number, readonly Mark[]>();
  readonly #beginnings: WordFilter;
  /** The last three bytes of marks that end with a dot. */
  readonly #dottedEnds: WordFilter;

  constructor(rules: readonly MarkedRule[]) {
    const marks = rules
      .flatMap((rule) => rule.marks.map((mark) => ({ bytes: Buffer.from(mark), rule })))
      .toSorted((a, b) => b.bytes.length - a.bytes.length);
    for (const mark of marks) this.#add(mark);
    const sorted = marks.map(({ bytes }) => bytes).toSorted((a, b) => Buffer.compare(a, b));
    this.#beginnings = new WordFilter(sorted.filter((mark) => !isDotted(mark)));
    this.#dottedEnds = new WordFilter(sorted.filter(isDotted).map((mark) => mark.subarray(-3)));
  }

  /** False where no mark can begin at `start`, nor end before it: a glance that tells most runs from every mark. */
  mayStandAt(bytes: Uint8Array, start: number): boolean {
    return (
      this.#beginnings.next(bytes, start, start + 1) >= 0 ||
      (bytes[start - 1] === DOT && this.#dottedEnds.next(bytes, start - 3, start - 2) >= 0)
    );
  }

  /** Rules with a mark that begins at `start`, which is where a run begins; the longest mark first. */
  beginningAt(bytes: Uint8Array, start: number): readonly MarkedRule[] {
    const marks = this.#byFirst.get(threeBytes(bytes, start));
    if (!marks) return NONE;
    return marks.filter((mark) => standsAt(bytes, start, mark.bytes)).map(({ rule }) => rule);
  }

  /** Rules with a mark that ends with the dot before `start`, and where it begins. */
  endingBefore(bytes: Uint8Array, start: number): { rule: MarkedRule; start: number } | undefined {
    if (start < 3 || bytes[start - 1] !== DOT) return undefined;
    for (const { bytes: mark, rule } of this.#byLast.get(threeBytes(bytes, start - 3)) ?? []) {
      const from = start - mark.length;
      if (from < 0 || !standsAt(bytes, from, mark)) continue;
      if (isBoundary(bytes, from)) return { rule, start: from };
    }
    return undefined;
  }

  #add(mark: Mark): void {
    const dotted = isDotted(mark.bytes);
    const at = dotted ? mark.bytes.length - 3 : 0;
    const index = dotted ? this.#byLast : this.#byFirst;
    const key = threeBytes(mark.bytes, at);
    index.set(key, [...(index.get(key) ?? []), mark]);
  }
}

const NONE: readonly MarkedRule[] = [];

function isDotted(mark: Uint8Array): boolean {
  return mark.at(-1) === DOT;
}

/** Nothing of a longer name stands before, or only what clings to it. */
function isBoundary(bytes: Uint8Array, at: number): boolean {
  let start = at;
  while (at - start < LONGEST_ESCAPE && isRunByte(bytes[start - 1])) start--;
  if (start === at) return bytes[at - 1] !== DOT;
  return afterDashes(bytes, afterEscape(bytes, start), at) === at;
}

function threeBytes(bytes: Uint8Array, at: number): number {
  return ((bytes[at] ?? 0) << 16) | ((bytes[at + 1] ?? 0) << 8) | (bytes[at + 2] ?? 0);
}

function standsAt(bytes: Uint8Array, at: number, wanted: Uint8Array): boolean {
  for (let i = 3; i < wanted.length; i++) if (bytes[at + i] !== wanted[i]) return false;
  return threeBytes(bytes, at) === threeBytes(wanted, 0);
}
