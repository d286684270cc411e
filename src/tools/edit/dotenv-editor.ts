/**
 * `.env` files, systemd's `environment.d`: lines `NAME=value`, perhaps with `export`, quotes and comments. A document is
 * an object of texts. Lines of another form are nobody's variable and stay; references within values are not followed.
 */
import { AppError, type Json } from "../../kernel/index.ts";
import type { Editor, ValuePath } from "./editor.ts";
import { endOfLine, nextLine, spliced } from "./splice.ts";

export const dotenvEditor: Editor = {
  parse: (text) => Object.fromEntries(assignmentsOf(text).map(({ name, value }) => [name, value])),

  set(text, at, value) {
    const name = variableOf(at);
    const wanted = textOf(value);
    // The last one counts.
    const found = assignmentsOf(text).findLast((assignment) => assignment.name === name);
    if (found) return spliced(text, { ...found.span, text: quoted(wanted, found.quote) });
    return withLine(text, `${exportOf(text)}${name}=${quoted(wanted, "")}`);
  },

  remove(text, at) {
    const name = variableOf(at);
    const lines = assignmentsOf(text).filter((assignment) => assignment.name === name);
    return spliced(
      text,
      ...lines.map(({ start, span }) => ({ start, end: nextLine(text, span.end), text: "" })),
    );
  },
};

type Quote = "" | "'" | '"';

interface Assignment {
  readonly name: string;
  readonly value: string;
  /** Of its line. */
  readonly start: number;
  /** The value with its quotes. */
  readonly span: { readonly start: number; readonly end: number };
  readonly quote: Quote;
  readonly exported: boolean;
}

const HEAD = /^[ \t]*(export[ \t]+)?([A-Za-z_][A-Za-z0-9_]*)[ \t]*=[ \t]*/;

/** @throws SyntaxError when a quote is not closed. */
function assignmentsOf(text: string): Assignment[] {
  const found: Assignment[] = [];
  for (let start = 0; start < text.length;) {
    const end = nextLine(text, start);
    const head = HEAD.exec(text.slice(start, end));
    if (!head) {
      start = end;
      continue;
    }
    const [whole, exported, name = ""] = head;
    const rest = valueFrom(text, start + whole.length, end);
    found.push({ name, start, exported: exported !== undefined, ...rest });
    start = nextLine(text, rest.span.end);
  }
  return found;
}

function valueFrom(
  text: string,
  start: number,
  lineEnd: number,
): Pick<Assignment, "value" | "span" | "quote"> {
  const quote = text[start];
  if (quote === "'" || quote === '"') {
    let end = start + 1;
    while (end < text.length && text[end] !== quote) end += quote === '"' && text[end] === "\\" ? 2 : 1;
    if (end >= text.length) throw new SyntaxError(`a quote is not closed at offset ${start}`);
    const inner = text.slice(start + 1, end);
    return { value: quote === '"' ? unescaped(inner) : inner, span: { start, end: end + 1 }, quote };
  }
  const line = text.slice(start, lineEnd).replace(/\r?\n$/, "");
  // A comment begins behind a blank, or stands in place of the value.
  const value = (line.startsWith("#") ? "" : line.replace(/[ \t]#.*$/, "")).trimEnd();
  return { value, span: { start, end: start + value.length }, quote: "" };
}

const ESCAPES: Readonly<Record<string, string>> = { n: "\n", r: "\r", t: "\t" };

function unescaped(text: string): string {
  return text.replace(/\\([\s\S])/g, (_, character: string) => ESCAPES[character] ?? character);
}

/** In the quotes that were there, if they can hold it; bare when nothing in it means anything to whoever reads it. */
export function quoted(value: string, wanted: Quote): string {
  if (wanted === "'" && !/['\r\n]/.test(value)) return `'${value}'`;
  if (wanted === "" && /^[A-Za-z0-9_./:@%+,=-]*$/.test(value)) return value;
  const escaped = value
    .replace(/[\\"$`]/g, "\\$&")
    .replaceAll("\n", "\\n")
    .replaceAll("\r", "\\r");
  return `"${escaped}"`;
}

function exportOf(text: string): string {
  const all = assignmentsOf(text);
  return all.length > 0 && all.every(({ exported }) => exported) ? "export " : "";
}

/** The text with a line behind its last one. */
export function withLine(text: string, line: string): string {
  const eol = endOfLine(text);
  const before = text === "" || text.endsWith("\n") ? text : text + eol;
  return before + line + eol;
}

/** @throws AppError `unsupported` for what is no variable. */
export function variableOf(at: ValuePath): string {
  const [name, ...rest] = at;
  if (typeof name === "string" && rest.length === 0 && /^[A-Za-z_][A-Za-z0-9_]*$/.test(name)) return name;
  throw new AppError("unsupported", "that is no name of a variable");
}

/** @throws AppError `unsupported` for what a variable cannot hold. */
export function textOf(value: Json): string {
  if (typeof value === "string" && !value.includes("\0")) return value;
  throw new AppError("unsupported", "a variable holds text only");
}
