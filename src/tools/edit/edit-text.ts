import { AppError, fromUtf8, type Json, utf8 } from "../../kernel/index.ts";
import type { FileFormat } from "../files/tool-file.ts";
import type { Editor, ValueEdit } from "./editor.ts";
import { editorOf } from "./editors.ts";
import { sameValue, valueAt, withValue } from "./values.ts";

const BOM = "\ufeff";

/**
 * A value that an edit has changed, as it was and as it is: what undoing in a file that changed since needs. What stays
 * then is not among them.
 */
export interface DoneEdit {
  readonly at: ValueEdit["at"];
  readonly was: Json | undefined;
  readonly is: Json | undefined;
}

/** The bytes of a file as an editor takes them. */
export interface OpenText {
  readonly text: string;
  readonly bom: boolean;
}

/** @throws AppError `unsupported` for what is not UTF-8. */
export function openText(bytes: Uint8Array, path: string): OpenText {
  try {
    const text = fromUtf8(bytes);
    return text.startsWith(BOM) ? { text: text.slice(1), bom: true } : { text, bom: false };
  } catch (error) {
    throw new AppError("unsupported", `${path} is not UTF-8 text; it was left as it is`, {
      hint: "save it as UTF-8, or change it by hand",
      cause: error,
    });
  }
}

export function closeText({ text, bom }: OpenText): Uint8Array {
  return utf8(bom ? BOM + text : text);
}

/** What a file says. @throws AppError `unsupported`, `damaged_file`. */
export function parseFile(bytes: Uint8Array, format: FileFormat, path: string): Json {
  return parsed(editorOf(format, path), openText(bytes, path).text, path);
}

/**
 * Makes the edits in the text of a file. What comes out is parsed again, and has to say what the text said with these
 * values changed and nothing else: an editor's mistake stops here and never reaches a file.
 * @throws AppError `damaged_file` when the text has errors; `unsupported` when a value cannot be changed safely.
 */
export function editText(
  text: string,
  edits: readonly ValueEdit[],
  { format, path }: { readonly format: FileFormat; readonly path: string },
): { readonly text: string; readonly done: readonly DoneEdit[] } {
  const editor = editorOf(format, path);
  let document = parsed(editor, text, path);
  let edited = text;
  const done: DoneEdit[] = [];
  for (const { at, value, stays } of edits) {
    const was = valueAt(document, at);
    if (sameValue(was, value)) continue;
    const wanted = withValue(document, at, value);
    edited = value === undefined ? editor.remove(edited, at) : editor.set(edited, at, value);
    document = checked(editor, edited, wanted, path);
    if (!stays) done.push({ at, was, is: value });
  }
  return { text: edited, done };
}

function parsed(editor: Editor, text: string, path: string): Json {
  try {
    return editor.parse(text);
  } catch (error) {
    throw new AppError("damaged_file", `${path} has errors; it was left as it is`, {
      hint: "mend it in an editor that shows them, then try again",
      cause: error,
    });
  }
}

function checked(editor: Editor, text: string, wanted: Json, path: string): Json {
  let now: Json | undefined;
  try {
    now = editor.parse(text);
  } catch {
    // Told below.
  }
  if (now !== undefined && sameValue(withoutEmpty(now), withoutEmpty(wanted))) return now;
  throw new AppError("unsupported", `${path} is written in a way that cannot be changed safely`, {
    hint: "change it by hand: ownkey tools connect TOOL --dry-run shows the values",
  });
}

/** Formats differ in whether an object of which nothing is left still stands there. */
function withoutEmpty(value: Json): Json {
  if (Array.isArray(value)) return (value as readonly Json[]).map(withoutEmpty);
  if (typeof value !== "object" || value === null) return value;
  const members = Object.entries(value).map(([name, member]) => [name, withoutEmpty(member)] as const);
  return Object.fromEntries(members.filter(([, member]) => !isEmptyObject(member)));
}

function isEmptyObject(value: Json): boolean {
  return (
    typeof value === "object" && value !== null && !Array.isArray(value) && Object.keys(value).length === 0
  );
}
