import { remember } from "../kernel/index.ts";
import { readArray, readDocument, readLines, readSse } from "./readers.ts";
import type { Splitter } from "./piece-collector.ts";
import type { Readings } from "./readings.ts";

const BYTE_ORDER_MARK = [0xef, 0xbb, 0xbf];
const OPEN_ARRAY = 0x5b;
const OPEN_OBJECT = 0x7b;

/** How content is read; `none`: content that holds no figures (sound, images, pages). */
type Content = "lines" | "by_first_byte" | "none";

/** The reader for a content type; `undefined` for content that holds no figures. */
export function readerFor(contentType: string | null, readings: Readings): Splitter | undefined {
  const content = contentOf(contentType);
  if (content === "none") return undefined;
  return content === "lines" ? readLines(readings) : readByFirstByte(readings);
}

/** Whether the bytes of a whole answer can only be one JSON object. */
export function isJsonDocument(contentType: string | null, bytes: Uint8Array): boolean {
  return bytes[0] === OPEN_OBJECT && contentOf(contentType) === "by_first_byte";
}

/** Content types seen lately: servers send the same few. */
const known = new Map<string, Content>();
const MOST_KNOWN = 64;

function contentOf(contentType: string | null): Content {
  const text = contentType ?? "";
  return known.get(text) ?? remember(known, MOST_KNOWN, text, contentOfType(text));
}

function contentOfType(text: string): Content {
  const type = text.split(";", 1)[0]?.trim().toLowerCase() ?? "";
  if (/(?:ndjson|jsonl|json-lines|stream\+json)$/.test(type)) return "lines";
  const isText = type === "" || type === "text/plain" || type === "text/event-stream";
  return isText || /[/+]json$/.test(type) ? "by_first_byte" : "none";
}

/** What an answer is shows in its first byte more surely than in its header; servers mix them up. */
function readByFirstByte(readings: Readings): Splitter {
  let reader: Splitter | undefined;
  let marksSeen = 0;
  return {
    push(chunk) {
      if (reader) return reader.push(chunk);
      for (let i = 0; i < chunk.length; i++) {
        const byte = chunk[i] ?? 0;
        if (byte === BYTE_ORDER_MARK[marksSeen]) marksSeen += 1;
        else if (byte > 0x20) {
          reader = readerStarting(byte, readings);
          return reader.push(i === 0 ? chunk : chunk.subarray(i));
        }
      }
    },
    end: () => reader?.end(),
  };
}

function readerStarting(byte: number, readings: Readings): Splitter {
  if (byte === OPEN_OBJECT) return readDocument(readings);
  return byte === OPEN_ARRAY ? readArray(readings) : readSse(readings);
}
