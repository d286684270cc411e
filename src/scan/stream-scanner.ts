import { isAllowed } from "./allow-comment.ts";
import { azureEndpointNear } from "./azure-endpoint.ts";
import type { KnownKeys, KnownMatch } from "./known-keys.ts";
import { LineCounter } from "./line-counter.ts";
import { LONGEST_SECRET, type Match, type Matcher } from "./matcher.ts";
import { mayBeEncodedText } from "./encoded-text.ts";
import type { Form } from "./finding.ts";
import { matchesInside } from "./matches-inside.ts";
import { NEAR_CHARS } from "./rule.ts";
import { endOfRun, isRunByte, nextRun } from "./runs.ts";

/** A secret in a stream, with its place. */
export interface Hit {
  readonly rule: Match["rule"] | undefined;
  readonly known: KnownMatch | undefined;
  readonly secret: string;
  readonly form: Form;
  /** See {@link azureEndpointNear}. */
  readonly endpoint: string | undefined;
  readonly line: number;
  readonly column: number;
}

export interface StreamScannerOptions {
  readonly matcher: Matcher;
  readonly known: KnownKeys | undefined;
  /** Whether names in front of values count, see {@link Matcher.match}. */
  readonly namesTell: boolean;
  readonly onHit: (hit: Hit) => void;
}

/** What stays before the place that was reached, for what stands before and around a secret. */
const KEPT_BEFORE = LONGEST_SECRET;
/** A run is looked at when this much of what follows it is there, or the stream has ended. */
const NEEDED_AFTER = LONGEST_SECRET + NEAR_CHARS;
/** What is kept of one chunk until the next one comes. */
export const MOST_KEPT_BYTES = KEPT_BEFORE + NEEDED_AFTER;
const EMPTY = new Uint8Array(0);

/** Scans one stream that comes in chunks: finds what lies across their borders, in memory that does not grow. */
export class StreamScanner {
  readonly #options: StreamScannerOptions;
  readonly #lines = new LineCounter();
  /** What is not done with, and what is kept before it. */
  #rest: Uint8Array = EMPTY;
  /** Offset in the rest up to which everything is done. */
  #done = 0;
  /** Offset behind the last secret: what lies before it is part of that one. */
  #covered = 0;
  #stopped = false;

  constructor(options: StreamScannerOptions) {
    this.#options = options;
  }

  /**
   * The chunk is not kept.
   * @param isLast that nothing follows: then nothing is copied either
   * @param headroomBytes how many bytes before the chunk, in its own buffer, may be written over; with
   *   {@link MOST_KEPT_BYTES} chunks are never copied to be joined
   */
  push(chunk: Uint8Array, isLast = false, headroomBytes = 0): void {
    const bytes = joined(this.#rest, chunk, headroomBytes);
    if (isLast) {
      this.#scan(bytes, bytes.length);
      this.#rest = EMPTY;
    } else {
      this.#scan(bytes, Math.max(this.#done, bytes.length - NEEDED_AFTER));
      this.#keep(bytes, Math.max(0, this.#done - KEPT_BEFORE));
    }
  }

  /** Nothing more is looked for. */
  stop(): void {
    this.#stopped = true;
  }

  end(): void {
    this.#scan(this.#rest, this.#rest.length);
    this.#rest = EMPTY;
  }

  /** Lets go of the first bytes, and keeps a copy of the others. */
  #keep(bytes: Uint8Array, dropped: number): void {
    if (dropped > 0) this.#lines.drop(bytes, dropped);
    this.#rest = new Uint8Array(bytes.subarray(dropped));
    this.#done -= dropped;
    this.#covered = Math.max(0, this.#covered - dropped);
  }

  #scan(bytes: Uint8Array, to: number): void {
    const { matcher, known } = this.#options;
    let done = this.#done;
    for (let start = nextRun(bytes, done, to); start >= 0; start = nextRun(bytes, done, to)) {
      const end = endOfRun(bytes, start);
      const mayMatch = matcher.mayMatch(bytes, start, end) || mayBeEncodedText(bytes, start, end);
      if (mayMatch || known !== undefined) this.#look(bytes, start, end, mayMatch);
      done = end + 1;
    }
    this.#done = Math.min(Math.max(done, to), bytes.length);
  }

  #look(bytes: Uint8Array, start: number, end: number, mayMatch: boolean): void {
    const { matcher, known, namesTell } = this.#options;
    if (this.#stopped || end <= this.#covered) return;
    if (known && this.#reportKnown(known, bytes, start, end)) return;
    // A row that goes on from the last chunk has been looked at where it begins.
    if (!mayMatch || start < this.#covered || isRunByte(bytes[start - 1])) return;
    const inside = matchesInside(matcher, bytes, { start, end, namesTell });
    for (const match of inside) this.#report(bytes, match.start, match.end, match, undefined);
    if (inside.length > 0) return;
    const match = matcher.match(bytes, start, end, namesTell);
    if (match) this.#report(bytes, match.start, match.end, match, undefined);
  }

  /** False when there is none. */
  #reportKnown(known: KnownKeys, bytes: Uint8Array, start: number, end: number): boolean {
    const matches = known.matchesIn(bytes, start, end).filter((match) => match.start >= this.#covered);
    for (const match of matches) this.#report(bytes, match.start, match.end, undefined, match);
    return matches.length > 0;
  }

  #report(
    bytes: Uint8Array,
    start: number,
    end: number,
    match: Match | undefined,
    known: KnownMatch | undefined,
  ) {
    this.#covered = Math.max(this.#covered, end);
    if (isAllowed(bytes, start, end, match?.rule.id ?? "known-key")) return;
    const { line, column } = this.#lines.at(bytes, start);
    const endpoint = match?.rule.provider === "azure" ? azureEndpointNear(bytes, start) : undefined;
    const form = known?.form ?? match?.form ?? "plain";
    this.#options.onHit({
      rule: match?.rule,
      known,
      secret: match?.secret ?? "",
      form,
      endpoint,
      line,
      column,
    });
  }
}

function joined(rest: Uint8Array, chunk: Uint8Array, headroomBytes: number): Uint8Array {
  if (rest.length === 0) return chunk;
  if (rest.length > headroomBytes) return Buffer.concat([rest, chunk]);
  const whole = new Uint8Array(chunk.buffer, chunk.byteOffset - rest.length, rest.length + chunk.length);
  whole.set(rest);
  return whole;
}
