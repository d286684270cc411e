import { AppError } from "../../kernel/index.ts";
import { type FileRequest, openBytes, openUnchanged } from "../../tools/index.ts";
import { readBytes } from "./file-texts.ts";
import type { KeyInFile, Lent, Way } from "../replace/key-file.ts";
import { piecesBetween } from "../replace/pieces.ts";
import { rewriteDatabase } from "../replace/rewrite-database.ts";
import { rewriteFile } from "../replace/rewrite-file.ts";
import type { KeyPlace } from "./candidate.ts";

interface Place {
  readonly key: KeyInFile;
  /** From 1; 0 where there are no lines. */
  readonly line: number;
  /** Of a database: table and row. */
  readonly place?: string;
}

/** A file of either sort, rewritten. */
export interface Rewritten {
  readonly requests: readonly FileRequest[];
  readonly replaced: readonly (Place & { readonly way: Way; readonly note?: string | undefined })[];
  readonly left: readonly (Place & { readonly why: string; readonly hint: string })[];
}

/** Reads the file as it is now. @throws AppError `unsupported` for what cannot be changed piece by piece. */
export function rewriteAt(file: string, place: KeyPlace, keys: readonly KeyInFile[], lent: Lent): Rewritten {
  if (place.format === "sqlite") return databaseAt(file, place, keys, lent);
  const text = place.form === "plain" ? lent.readText(file) : undefined;
  if (text === undefined) {
    throw new AppError("unsupported", "it is written in a form that cannot be replaced piece by piece", {
      hint: file.endsWith("fish_variables")
        ? "in fish: set -eU VARIABLE; what uses it can be started with ownkey run"
        : "take it out by hand, then run ownkey scan",
    });
  }
  const { tool, format, purpose } = place;
  const after = rewriteFile({ path: file, tool, format, purpose, text }, keys, lent);
  const own: FileRequest = {
    path: file,
    format: format ?? "text",
    pieces: piecesBetween(text, after.text),
    makePrivate: true,
  };
  return {
    requests: text === after.text ? [] : [own, ...after.replaced.flatMap(({ others = [] }) => others)],
    replaced: after.replaced.map(({ occurrence: { key, line }, way, note }) => ({ key, line, way, note })),
    left: after.left.map(({ occurrence: { key, line }, why, hint }) => ({ key, line, why, hint })),
  };
}

function databaseAt(file: string, place: KeyPlace, keys: readonly KeyInFile[], lent: Lent): Rewritten {
  const bytes = readBytes(file);
  const database = bytes ? openBytes(bytes) : openUnchanged(file);
  const { rows, replaced, left } = closing(database, () => rewriteDatabase(place, database, keys, lent));
  return {
    requests: rows.length === 0 ? [] : [{ path: file, format: "sqlite", rows, makePrivate: true }],
    replaced: replaced.map((one) => ({ ...one, line: 0 })),
    left: left.map(({ isSaid, ...one }) => ({ ...one, line: 0, ...(isSaid ? SAID : UNKNOWN_ROW) })),
  };
}

const SAID = {
  why: "it was written in a conversation, which only its editor can change",
  hint: "delete that conversation in the editor; the key may have been sent to a provider with it: make a new one",
};
const UNKNOWN_ROW = {
  why: "it lies in the tool's own database, in a row of which nothing is known",
  hint: "take it out in the tool's settings, then run ownkey scan",
};

function closing<Result>(database: { close(): void }, work: () => Result): Result {
  try {
    return work();
  } finally {
    database.close();
  }
}
