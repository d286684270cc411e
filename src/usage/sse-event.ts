import { asBuffer } from "./sse-splitter.ts";

export interface SseEvent {
  readonly name: string | undefined;
  readonly data: string;
}

const LF = 10;
const CR = 13;
export const EVENT_FIELD = Buffer.from("event:");
const DATA_FIELD = "data:";

/** The fields of one event; comments, ids and unknown fields are passed over. */
export function parseSseEvent(piece: Uint8Array): SseEvent {
  const text = asBuffer(piece)
    .toString("utf8")
    .replace(/[\r\n]+$/, "");
  // Most events are a single line of data.
  if (text.startsWith(DATA_FIELD) && !/[\r\n]/.test(text)) {
    return { name: undefined, data: valueAfter(text, DATA_FIELD.length - 1) };
  }
  let name: string | undefined;
  const data: string[] = [];
  for (const line of text.split(/\r\n|\n|\r/)) {
    const colon = line.indexOf(":");
    const field = colon < 0 ? line : line.slice(0, colon);
    const value = colon < 0 ? "" : valueAfter(line, colon);
    if (field === "data") data.push(value);
    else if (field === "event") name = value;
  }
  return { name, data: data.join("\n") };
}

/** One space after the colon belongs to the field, not to the value. */
function valueAfter(line: string, colon: number): string {
  return line.slice(line[colon + 1] === " " ? colon + 2 : colon + 1);
}

/** The event's name without reading its data, where that is cheap: most events with a name begin with it. */
export function nameOfEvent(piece: Buffer): string | undefined {
  const at = piece.indexOf(EVENT_FIELD);
  if (at < 0) return undefined;
  if (at > 0) return parseSseEvent(piece).name;
  const lineEnd = [piece.indexOf(LF), piece.indexOf(CR)].filter((end) => end >= 0);
  return piece.toString("latin1", EVENT_FIELD.length, Math.min(piece.length, ...lineEnd)).trim();
}
