import { indexOfBytes } from "../kernel/index.ts";
import { splitArray, splitLines, wholeDocument } from "./json-splitters.ts";
import type { Splitter, SplitterOptions } from "./piece-collector.ts";
import type { Readings } from "./readings.ts";
import { EVENT_FIELD, nameOfEvent, parseSseEvent } from "./sse-event.ts";
import { splitSse } from "./sse-splitter.ts";
import { isWorthParsing } from "./worth-parsing.ts";

/** A Responses stream ends with an event that repeats the whole answer; the largest whole answers kept. */
const MAX_PIECE_BYTES = 8 * 1024 * 1024;
/** Event names of which the first event is always read. */
const MAX_NAMES = 64;
/** Pieces without a name that are read until the model is known. */
const MAX_OPENING_PIECES = 8;

/**
 * Reads server-sent events. Of each event name the first event is read, so that beginnings and end marks are seen;
 * of the rest only those that may tell something.
 */
export function readSse(readings: Readings, maxPieceBytes = MAX_PIECE_BYTES): Splitter {
  const names = new Set<string>();
  const isOpening = openingPieces(readings);
  const isNews = (name: string | undefined): boolean => {
    if (name === undefined) return isOpening();
    if (names.has(name) || names.size >= MAX_NAMES) return false;
    names.add(name);
    return true;
  };
  return splitSse({
    ...oversized(readings, maxPieceBytes),
    // Most of a stream: events without a name, behind the opening, that tell nothing.
    passOver: (events) =>
      readings.knowsModel &&
      !readings.toldLast &&
      indexOfBytes(events, EVENT_FIELD) < 0 &&
      !isWorthParsing(events),
    onPiece(piece) {
      if (readings.toldLast && isEndMark(piece)) return readings.ended();
      if (!isNews(nameOfEvent(piece)) && !isWorthParsing(piece)) return readings.passedOver();
      const { name, data } = parseSseEvent(piece);
      readings.addText(data, name);
    },
  });
}

/** OpenAI's, and that of everybody who speaks its format. */
function isEndMark(piece: Buffer): boolean {
  return indexOfBytes(piece, END_MARK) >= 0 && parseSseEvent(piece).data === "[DONE]";
}

const END_MARK = Buffer.from("[DONE]");

export function readLines(readings: Readings, maxPieceBytes = MAX_PIECE_BYTES): Splitter {
  return splitLines(manyPieces(readings, maxPieceBytes));
}

export function readArray(readings: Readings, maxPieceBytes = MAX_PIECE_BYTES): Splitter {
  return splitArray(manyPieces(readings, maxPieceBytes));
}

/** Reads one JSON answer; of one that is too large or was cut, what can be saved. */
export function readDocument(readings: Readings, maxPieceBytes = MAX_PIECE_BYTES): Splitter {
  return wholeDocument({
    maxPieceBytes,
    onOversized: (head, tail) => readings.addFragments(head, tail, endsObject(tail)),
    onPiece(piece) {
      if (!readings.addWhole(piece.toString("utf8"))) readings.addFragments(piece, Buffer.alloc(0), false);
    },
  });
}

function manyPieces(readings: Readings, maxPieceBytes: number): SplitterOptions {
  const isOpening = openingPieces(readings);
  return {
    ...oversized(readings, maxPieceBytes),
    onPiece(piece) {
      if (isOpening() || isWorthParsing(piece)) readings.addText(piece.toString("utf8"));
    },
  };
}

/** Whether such a piece is the last one shows in its own marks; one that was cut is not. */
function oversized(
  readings: Readings,
  maxPieceBytes: number,
): Pick<SplitterOptions, "maxPieceBytes" | "onOversized"> {
  return {
    maxPieceBytes,
    onOversized: (head, tail) => readings.addFragments(head, tail, endsObject(tail) ? undefined : false),
  };
}

function endsObject(tail: Buffer): boolean {
  return /\}\s*$/.test(tail.toString("latin1", Math.max(0, tail.length - 16)));
}

/** Azure's first chunk names no model: some more are read. */
function openingPieces(readings: Readings): () => boolean {
  let left = MAX_OPENING_PIECES;
  return () => !readings.knowsModel && left-- > 0;
}
