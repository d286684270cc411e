import type { CliContext, CommonOptions } from "./context.ts";

/** The one way results are printed: `--json` gives the operation's document, else people get `human`. */
export function print(
  context: CliContext,
  options: CommonOptions,
  document: unknown,
  human: () => string,
): void {
  const text = options.json ? jsonText(document, 2) : terminalText(human());
  if (text !== "") context.stdout.write(text.endsWith("\n") ? text : `${text}\n`);
}

export function warn(context: CliContext, text: string): void {
  context.stderr.write(`${paint(context, "yellow", "warning:")} ${terminalText(text)}\n`);
}

/** JSON whose control characters are all escaped; JSON itself leaves those from U+007F to U+009F as they are. */
export function jsonText(document: unknown, indent?: number): string {
  return JSON.stringify(document, undefined, indent).replace(
    /[\u007f-\u009f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069]/g,
    (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, "0")}`,
  );
}

export type Cell = string | number | null | undefined;

export interface Column<Item> {
  readonly title: string;
  readonly of: (item: Item) => Cell;
  readonly right?: boolean;
}

/** Columns as wide as their widest cell; an empty list says so in words. */
export function table<Item>(items: readonly Item[], columns: readonly Column<Item>[], empty: string): string {
  if (items.length === 0) return empty;
  const rows = [
    columns.map((column) => column.title.toUpperCase()),
    ...items.map((item) => columns.map((column) => printable(column.of(item)))),
  ];
  const widths = columns.map((_, index) => Math.max(...rows.map((row) => Bun.stringWidth(row[index] ?? ""))));
  return rows
    .map((row) =>
      row
        .map((cell, index) => {
          const gap = " ".repeat((widths[index] ?? 0) - Bun.stringWidth(cell));
          return columns[index]?.right ? gap + cell : cell + gap;
        })
        .join("  ")
        .trimEnd(),
    )
    .join("\n");
}

/** `name  value` lines; absent values are left out. */
export function fields(pairs: readonly (readonly [name: string, value: Cell])[]): string {
  const present = pairs.filter(([, value]) => value !== null && value !== undefined && value !== "");
  const width = Math.max(0, ...present.map(([name]) => name.length));
  return present.map(([name, value]) => `${name.padEnd(width)}  ${printable(value)}`).join("\n");
}

const COLOURS = { red: 31, green: 32, yellow: 33, bold: 1, dim: 2 } as const;

export function paint(context: CliContext, colour: keyof typeof COLOURS, text: string): string {
  return context.colour ? `\u001b[${COLOURS[colour]}m${printable(text)}\u001b[0m` : text;
}

/** `2026-11-23 14:05` from RFC 3339. */
export function shortTime(time: string | null | undefined): string {
  return time ? time.slice(0, 16).replace("T", " ") : "";
}

/**
 * One line of text that others wrote: it may not move the cursor, change colours or turn the direction of somebody's
 * terminal.
 */
export function printable(cell: Cell): string {
  return String(cell ?? "")
    .replace(/[\t\r\n\u2028\u2029]+/g, " ")
    .replace(CONTROLS, "\ufffd");
}

/** A word of a command that can be copied, for shells that know `$'…'`; as fit for a terminal as {@link printable}. */
export function shellWord(text: string): string {
  if (printable(text) === text) return `'${text.replaceAll("'", `'\\''`)}'`;
  const bytes = [...Buffer.from(text)].map((byte) => {
    const character = String.fromCharCode(byte);
    return /[\w./:(), @+-]/.test(character) ? character : `\\x${byte.toString(16).padStart(2, "0")}`;
  });
  return `$'${bytes.join("")}'`;
}

/** Several lines of text, in which only {@link paint} may have put colours. */
export function terminalText(text: string): string {
  return text.replace(PAINT_OR_CONTROL, (found) => (found.length > 1 ? found : "\ufffd"));
}

const CONTROL_CHARACTERS =
  "[\\u0000-\\u0008\\u000b-\\u001f\\u007f-\\u009f\\u061c\\u200e\\u200f\\u202a-\\u202e\\u2066-\\u2069]";
const CONTROLS = new RegExp(CONTROL_CHARACTERS, "g");
const PAINT_OR_CONTROL = new RegExp(`\\u001b\\[(?:0|1|2|31|32|33)m|${CONTROL_CHARACTERS}`, "g");
