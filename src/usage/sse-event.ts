import { asBuffer } from "./sse-splitter.ts";

export interface SseEvent {
  readonly name: string | undefined;
  readonly data: string;
}

/** The fields of one event; comments, ids and unknown fields are passed over. */
export function parseSseEvent(piece: Uint8Array): SseEvent {
  let name: string | undefined;
  const data: string[] = [];
  for (const line of asBuffer(piece)
    .toString("utf8")
    .split(/\r\n|\n|\r/)) {
    const colon = line.indexOf(":");
    const field = colon < 0 ? line : line.slice(0, colon);
    const value = colon < 0 ? "" : line.slice(line[colon + 1] === " " ? colon + 2 : colon + 1);
    if (field === "data") data.push(value);
    else if (field === "event") name = value;
  }
  return { name, data: data.join("\n") };
}

const EVENT_FIELD = Buffer.from("event:");

/** The event's name without reading its data, where that is cheap; most events begin with it. */
export function nameOfEvent(piece: Buffer): string | undefined {
  const at = piece.indexOf(EVENT_FIELD);
  if (at < 0) return undefined;
  if (at > 0) return parseSseEvent(piece).name;
  const lineEnd = piece.findIndex((byte) => byte === 10 || byte === 13);
  return piece.toString("latin1", EVENT_FIELD.length, lineEnd < 0 ? piece.length : lineEnd).trim();
}
