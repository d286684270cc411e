/**
 * TOML, as Codex keeps its settings in. The parser says where each value stands; only those pieces are replaced. New
 * keys go behind the last one of their table, new tables to the end; single entries of lists are not changed.
 */
import { type AST, getStaticTOMLValue, parseTOML } from "toml-eslint-parser";
import { AppError, isJsonObject, type Json } from "../../kernel/index.ts";
import type { Editor, ValuePath } from "./editor.ts";
import { endOfLine, lineStart, nextLine, removalOf, type Splice, spliced } from "./splice.ts";
import { withValue } from "./values.ts";

export const tomlEditor: Editor = {
  parse: (text) => getStaticTOMLValue(parseTOML(text, OPTIONS)) as Json,

  set(text, at, value) {
    const layout = layoutOf(text);
    const entry = layout.entries.find(({ path }) => samePath(path, at));
    if (entry) {
      const [start, end] = entry.node.value.range;
      return spliced(text, { start, end, text: inline(value) });
    }
    if (
      layout.tables.some(({ path }) => startsWith(path, at)) ||
      layout.entries.some(({ path }) => startsWith(path, at))
    )
      return tomlEditor.set(tomlEditor.remove(text, at), at, value);
    const within = layout.entries.findLast(
      ({ node, path }) => node.value.type === "TOMLInlineTable" && startsWith(at, path),
    );
    if (within) return spliced(text, intoInline(within, at, value));
    return added(text, layout, at, value);
  },

  remove(text, at) {
    const { tables, entries } = layoutOf(text);
    const inlineEntry = entries.find(({ path, inline: isInline }) => isInline && samePath(path, at));
    if (inlineEntry) return spliced(text, fromInline(text, inlineEntry));
    const gone = entries.filter(({ path, inline: isInline }) => !isInline && startsWith(path, at));
    const headers = tables.filter(({ path }) => startsWith(path, at));
    return spliced(
      text,
      ...gone.map(({ node }) => removalOf(text, ...node.range)),
      ...headers.map(({ start, headEnd }) => withBlankLine(text, removalOf(text, start, headEnd))),
    );
  },
};

const OPTIONS = { tomlVersion: "1.0.0" } as const;

interface Entry {
  readonly path: ValuePath;
  readonly node: AST.TOMLKeyValue;
  /** Its table's own names, without which the key is written. */
  readonly table: ValuePath;
  readonly inline: boolean;
}

interface Table {
  readonly path: ValuePath;
  readonly start: number;
  /** Behind its `]`. */
  readonly headEnd: number;
  readonly end: number;
}

interface Layout {
  readonly tables: readonly Table[];
  readonly entries: readonly Entry[];
}

function layoutOf(text: string): Layout {
  const tables: Table[] = [];
  const entries: Entry[] = [];
  const collect = (node: AST.TOMLKeyValue, table: ValuePath, before: ValuePath, isInline: boolean) => {
    const path = [...before, ...node.key.keys.map((key) => (key.type === "TOMLBare" ? key.name : key.value))];
    entries.push({ path, node, table, inline: isInline });
    if (node.value.type !== "TOMLInlineTable") return;
    for (const child of node.value.body) collect(child, table, path, true);
  };
  for (const node of parseTOML(text, OPTIONS).body[0].body) {
    if (node.type === "TOMLKeyValue") {
      collect(node, [], [], false);
      continue;
    }
    const path = node.resolvedKey;
    const headEnd = text.indexOf("]", node.key.range[1]) + (node.kind === "array" ? 2 : 1);
    tables.push({ path, start: node.range[0], headEnd, end: node.range[1] });
    for (const child of node.body) collect(child, path, path, false);
  }
  return { tables, entries };
}

function added(text: string, { tables, entries }: Layout, at: ValuePath, value: Json): string {
  if (at.some((step) => typeof step === "number" && !tables.some(({ path }) => path.includes(step)))) {
    throw new AppError("unsupported", "a single entry of a list is not changed");
  }
  // A table that dotted keys have made may be added to by dotted keys only.
  const dotted = entries.findLast(
    ({ path, table, inline: isInline }) =>
      !isInline && commonLength(path, at) > table.length && startsWith(at, table),
  );
  const home = tables
    .filter(({ path }) => startsWith(at, path) && path.length < at.length)
    .toSorted((a, b) => a.path.length - b.path.length)
    .at(-1);
  if (dotted && dotted.table.length >= (home?.path.length ?? 0)) {
    return behind(text, dotted.node.range[1], keyLine(at.slice(dotted.table.length), value));
  }
  const isTable = isJsonObject(value);
  if (home && home.path.length === at.length - 1 && !isTable) {
    return behind(text, Math.max(home.end, home.headEnd), keyLine(at.slice(-1), value));
  }
  if (at.length === 1 && !isTable) return withRootKey(text, tables, entries, keyLine(at, value));
  return withTable(
    text,
    isTable ? at : at.slice(0, -1),
    isTable ? value : withValue({}, at.slice(-1), value),
  );
}

/** Root keys stand before the first table. */
function withRootKey(
  text: string,
  [first]: readonly Table[],
  entries: readonly Entry[],
  line: string,
): string {
  const last = entries.findLast(({ table, inline: isInline }) => table.length === 0 && !isInline);
  const eol = endOfLine(text);
  if (last) return behind(text, last.node.range[1], line);
  if (!first) return text === "" || text.endsWith("\n") ? text + line + eol : text + eol + line + eol;
  // Comments right above a table belong to it.
  let start = lineStart(text, first.start);
  while (
    start > 0 &&
    text
      .slice(lineStart(text, start - 1), start)
      .trimStart()
      .startsWith("#")
  ) {
    start = lineStart(text, start - 1);
  }
  return spliced(text, { start, end: start, text: line + eol + eol });
}

function withTable(text: string, path: ValuePath, members: Json): string {
  const eol = endOfLine(text);
  const before =
    text === "" ? "" : `${text}${text.endsWith("\n") ? "" : eol}${text.trim() === "" ? "" : eol}`;
  return before + tableLines(path, members).join(eol) + eol;
}

function tableLines(path: ValuePath, members: Json): string[] {
  const all = isJsonObject(members) ? Object.entries(members) : [];
  const tables = all.filter(([, member]) => isJsonObject(member));
  const keys = all.filter(([, member]) => !isJsonObject(member));
  return [
    ...(keys.length > 0 || tables.length === 0 ? [`[${keyText(path)}]`] : []),
    ...keys.map(([name, member]) => keyLine([name], member)),
    ...tables.flatMap(([name, member], index) => [
      ...(index > 0 || keys.length > 0 ? [""] : []),
      ...tableLines([...path, name], member),
    ]),
  ];
}

/** A new line behind the one in which something ends, with its indent. */
function behind(text: string, offset: number, line: string): string {
  const eol = endOfLine(text);
  const indent = /^[ \t]*/.exec(text.slice(lineStart(text, offset)))?.[0] ?? "";
  const end = nextLine(text, offset);
  const gap = end === text.length && !text.endsWith("\n") ? eol : "";
  return spliced(text, { start: end, end, text: gap + indent + line + eol });
}

function intoInline({ node, path }: Entry, at: ValuePath, value: Json): Splice {
  const table = node.value as AST.TOMLInlineTable;
  const member = keyLine(at.slice(path.length), value);
  const last = table.body.at(-1);
  if (!last) return { start: table.range[0], end: table.range[1], text: `{ ${member} }` };
  return { start: last.range[1], end: last.range[1], text: `, ${member}` };
}

function fromInline(text: string, { node }: Entry): Splice {
  const table = node.parent as AST.TOMLInlineTable;
  const index = table.body.indexOf(node);
  const next = table.body[index + 1];
  if (next) return { start: node.range[0], end: next.range[0], text: "" };
  const before = table.body[index - 1];
  if (before) return { start: before.range[1], end: node.range[1], text: "" };
  return removalOf(text, ...node.range);
}

/** The blank line above a table goes with it. */
function withBlankLine(text: string, splice: Splice): Splice {
  const above = lineStart(text, splice.start - 1);
  const isBlank = splice.start > 0 && text.slice(above, splice.start).trim() === "";
  return isBlank ? { ...splice, start: above } : splice;
}

function keyLine(path: ValuePath, value: Json): string {
  return `${keyText(path)} = ${inline(value)}`;
}

function keyText(path: ValuePath): string {
  return path
    .map((step) => (/^[A-Za-z0-9_-]+$/.test(String(step)) ? String(step) : stringText(String(step))))
    .join(".");
}

function inline(value: Json): string {
  if (typeof value === "string") return stringText(value);
  if (typeof value === "number" || typeof value === "boolean") return String(value);
  if (Array.isArray(value)) return `[${(value as readonly Json[]).map(inline).join(", ")}]`;
  if (!isJsonObject(value)) throw new AppError("unsupported", "TOML has no null");
  const members = Object.entries(value).map(([name, member]) => keyLine([name], member));
  return members.length === 0 ? "{}" : `{ ${members.join(", ")} }`;
}

/** JSON's escapes are TOML's, which wants U+007F escaped as well. */
function stringText(text: string): string {
  return JSON.stringify(text).replaceAll("\u007f", "\\u007f");
}

function samePath(a: ValuePath, b: ValuePath): boolean {
  return a.length === b.length && startsWith(a, b);
}

function startsWith(path: ValuePath, start: ValuePath): boolean {
  return start.every((step, index) => path[index] === step);
}

function commonLength(a: ValuePath, b: ValuePath): number {
  const length = a.findIndex((step, index) => step !== b[index]);
  return length < 0 ? a.length : length;
}
