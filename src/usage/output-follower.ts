import { isJsonObject, type Json, parseJson } from "../kernel/index.ts";
import { parseSseEvent } from "./sse-event.ts";
import { splitSse } from "./sse-splitter.ts";

/** Characters to a token, as is usual. */
const CHARS_PER_TOKEN = 4;
const MAX_PIECE_BYTES = 256 * 1024;
const DEEPEST = 12;

/** Members of stream events that hold what the model has written. */
const WRITTEN: ReadonlySet<string> = new Set([
  "content",
  "text",
  "thinking",
  "reasoning",
  "reasoning_content",
  "refusal",
  "arguments",
  "partial_json",
  "delta",
]);

/**
 * Guesses how many tokens a stream of events has brought so far, from the text in it: providers tell their count at the
 * end. For soft budgets; costs a look into every event.
 */
export interface OutputFollower {
  push(chunk: Uint8Array): void;
  readonly tokens: number;
}

export function createOutputFollower(): OutputFollower {
  let tokens = 0;
  const splitter = splitSse({
    maxPieceBytes: MAX_PIECE_BYTES,
    onOversized() {},
    onPiece(piece) {
      const event = parseJson(parseSseEvent(piece).data);
      if (event === undefined || !isNews(event)) return;
      const chars = charsWritten(event, false, 0);
      if (chars > 0) tokens += Math.ceil(chars / CHARS_PER_TOKEN);
    },
  });
  return {
    push: (chunk) => splitter.push(chunk),
    get tokens() {
      return tokens;
    },
  };
}

/** Of events with a type only those that add something: others repeat what was there before. */
function isNews(event: Json): boolean {
  const type = isJsonObject(event) ? event["type"] : undefined;
  return typeof type !== "string" || type.includes("delta");
}

function charsWritten(value: Json, counts: boolean, depth: number): number {
  if (typeof value === "string") return counts ? value.length : 0;
  if (depth > DEEPEST || typeof value !== "object" || value === null) return 0;
  if (Array.isArray(value)) {
    return value.reduce((sum: number, one) => sum + charsWritten(one, counts, depth + 1), 0);
  }
  return Object.entries(value).reduce(
    (sum, [name, member]) =>
      member === undefined ? sum : sum + charsWritten(member, WRITTEN.has(name), depth + 1),
    0,
  );
}
