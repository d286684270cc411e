import { indexOfBytes, textOfPart } from "../kernel/index.ts";

/**
 * Takes out of a chat stream the one chunk that is there only because we asked for usage. All other bytes pass as
 * they came. Only an event that is not complete yet is held back, and at most {@link MAX_HELD_BYTES} of it: no
 * client can use half an event.
 */
export interface UsageChunkFilter {
  /** What may pass now; possibly empty. */
  push(chunk: Uint8Array): Uint8Array;
  /** What was still held when the stream ended. */
  flush(): Uint8Array;
}

/** A usage chunk has a few hundred bytes. */
export const MAX_HELD_BYTES = 64 * 1024;

export function createUsageChunkFilter(): UsageChunkFilter {
  return new Filter();
}

class Filter implements UsageChunkFilter {
  /** Bytes of the event under way. */
  private held: Uint8Array = EMPTY;
  /** The event under way is too big to be a usage chunk: its bytes have gone out. */
  private oversized = false;
  private lineEmpty = true;
  /** The last byte was a carriage return: a line feed that follows belongs to the same line end. */
  private afterReturn = false;
  /** The last byte ended an event; and that event was hidden. */
  private ended = false;
  private hidden = false;

  push(chunk: Uint8Array): Uint8Array {
    return this.isBetweenEvents() && passesWhole(chunk) ? chunk : this.pushInParts(chunk);
  }

  /** Nothing is held, and what comes next begins an event. */
  private isBetweenEvents(): boolean {
    return this.lineEmpty && !this.afterReturn && !this.oversized && this.held.length === 0;
  }

  private pushInParts(chunk: Uint8Array): Uint8Array {
    const passed: Uint8Array[] = [];
    /** From `passFrom` to `eventStart` lie whole events that pass. */
    let passFrom = 0;
    let eventStart = 0;
    for (let at = 0; at < chunk.length; at++) {
      const byte = chunk[at];
      if (byte === LINE_FEED && this.afterReturn) {
        this.afterReturn = false;
        // Behind a return that ended an event, the line feed shares that event's fate, at once.
        if (this.ended && at === eventStart) {
          eventStart = at + 1;
          if (this.hidden) {
            passed.push(chunk.subarray(passFrom, at));
            passFrom = eventStart;
          }
        }
        continue;
      }
      this.ended = false;
      this.afterReturn = byte === CARRIAGE_RETURN;
      const lineEnd = byte === LINE_FEED || this.afterReturn;
      if (lineEnd && this.lineEmpty) {
        const end = at + 1;
        const joins = this.held.length > 0;
        const event = joins
          ? Buffer.concat([this.held, chunk.subarray(0, end)])
          : chunk.subarray(eventStart, end);
        this.hidden = !this.oversized && isUsageChunk(event);
        if (this.hidden || joins) {
          passed.push(chunk.subarray(passFrom, eventStart));
          if (!this.hidden) passed.push(event);
          passFrom = end;
        }
        eventStart = end;
        this.held = EMPTY;
        this.oversized = false;
        this.ended = true;
      }
      this.lineEmpty = lineEnd;
    }
    passed.push(chunk.subarray(passFrom, eventStart));
    this.hold(chunk.subarray(eventStart), passed);
    return joined(passed);
  }

  flush(): Uint8Array {
    const rest = this.held;
    this.held = EMPTY;
    return rest;
  }

  private hold(tail: Uint8Array, passed: Uint8Array[]): void {
    if (tail.length === 0) return;
    if (this.oversized) {
      passed.push(tail);
      return;
    }
    // A copy: the chunk's memory is the reader's.
    this.held = Buffer.concat([this.held, tail]);
    if (this.held.length <= MAX_HELD_BYTES) return;
    passed.push(this.flush());
    this.oversized = true;
  }
}

/** Whole events, none of which can be the usage chunk: nearly all of a stream. They leave the filter as it was. */
function passesWhole(chunk: Uint8Array): boolean {
  const end = chunk.length;
  return chunk[end - 1] === LINE_FEED && chunk[end - 2] === LINE_FEED && indexOfBytes(chunk, USAGE) < 0;
}

/** `data: {…"choices":[]…"usage":{…}}`, as OpenAI documents it; any doubt lets the event pass. */
function isUsageChunk(event: Uint8Array): boolean {
  if (event.length > MAX_HELD_BYTES) return false;
  if (indexOfBytes(event, USAGE) < 0 || indexOfBytes(event, CHOICES) < 0) return false;
  const data = textOfPart(event, 0, event.length)
    .split(/\r\n|\r|\n/)
    .filter((line) => line.startsWith("data:"))
    .map((line) => line.slice(5))
    .join("\n");
  try {
    const chunk: unknown = JSON.parse(data);
    if (typeof chunk !== "object" || chunk === null) return false;
    const { choices, usage } = chunk as { choices?: unknown; usage?: unknown };
    return Array.isArray(choices) && choices.length === 0 && typeof usage === "object" && usage !== null;
  } catch {
    return false;
  }
}

function joined(pieces: readonly Uint8Array[]): Uint8Array {
  const filled = pieces.filter((piece) => piece.length > 0);
  return filled.length <= 1 ? (filled[0] ?? EMPTY) : Buffer.concat(filled);
}

const USAGE = Buffer.from('"usage"');
const CHOICES = Buffer.from('"choices"');
const EMPTY = new Uint8Array(0);
const LINE_FEED = 0x0a;
const CARRIAGE_RETURN = 0x0d;
