/**
 * YAML. The parser says where each value stands; only those pieces are replaced, as its own way of printing a document
 * would lay all of it out again. One document per file.
 */
import {
  isMap,
  isPair,
  isScalar,
  isSeq,
  type Node,
  type Pair,
  parseDocument,
  stringify,
  type YAMLMap,
} from "yaml";
import { AppError, type Json } from "../../kernel/index.ts";
import type { Editor, ValuePath } from "./editor.ts";
import { endOfLine, lineStart, nextLine, removalOf, spliced } from "./splice.ts";
import { withValue } from "./values.ts";

/** Names that are no texts are for JavaScript to deal with. */
const OPTIONS = { logLevel: "error" } as const;

export const yamlEditor: Editor = {
  parse(text) {
    const document = parseDocument(text, OPTIONS);
    const [error] = document.errors;
    if (error) throw error;
    return (document.toJS({ maxAliasCount: 100 }) as Json) ?? {};
  },

  set(text, at, value) {
    const root = parseDocument(text, OPTIONS).contents as Node | null;
    if (!root?.range || isEmptyScalar(root)) return appended(text, blockText(withValue({}, at, value)));
    const { node, rest } = deepest(root, at);
    const [step, ...below] = rest;
    if (step === undefined) return replaced(text, node, value);
    const inner = below.length === 0 ? value : withValue({}, below, value);
    if (isMap(node)) return intoMap(text, node, String(step), inner);
    if (isSeq(node)) return intoList(text, node, step, inner);
    return replaced(text, node, withValue({}, rest, value));
  },

  remove(text, at) {
    const root = parseDocument(text, OPTIONS).contents as Node | null;
    const found = root && deepest(root, at.slice(0, -1));
    const step = at.at(-1);
    if (!found || found.rest.length > 0 || step === undefined) return text;
    const { node } = found;
    const items = isMap(node) || isSeq(node) ? node.items : [];
    const index = isMap(node) ? node.items.findIndex((pair) => keyOf(pair) === String(step)) : Number(step);
    const item = items[index];
    if (item === undefined) return text;
    return withoutItem(text, node as YAMLMap, item as Pair | Node, { index, isRoot: node === root });
  },
};

/** As far as the path leads, and what is left of it. */
function deepest(root: Node, at: ValuePath): { node: Node; rest: ValuePath } {
  let node = root;
  for (const [index, step] of at.entries()) {
    const next = isMap(node)
      ? node.items.find((pair) => keyOf(pair) === String(step))?.value
      : isSeq(node) && typeof step === "number"
        ? node.items[step]
        : undefined;
    if (!next) return { node, rest: at.slice(index) };
    node = next as Node;
  }
  return { node, rest: [] };
}

function keyOf({ key }: Pair): string {
  return String(isScalar(key) ? key.value : key);
}

/** A name without a value, and a file of comments only, are null without any text. */
function isEmptyScalar(node: Node): boolean {
  return isScalar(node) && (node.source ?? "") === "" && node.value === null;
}

function replaced(text: string, node: Node, value: Json): string {
  const [start, end] = rangeOf(node);
  if (isEmptyScalar(node)) return spliced(text, { start, end: start, text: ` ${flowText(value)}` });
  // A block of text or lines ends with its line break.
  const tail = /\r?\n$/.exec(text.slice(start, end))?.[0] ?? "";
  return spliced(text, { start, end, text: flowText(value) + tail });
}

function intoMap(text: string, map: YAMLMap, name: string, value: Json): string {
  const [start, end] = rangeOf(map);
  const last = map.items.at(-1);
  if (!last) return spliced(text, { start, end, text: flowText({ [name]: value }) });
  if (map.flow)
    return spliced(text, {
      start: endOfItem(last),
      end: endOfItem(last),
      text: `, ${flowPair(name, value)}`,
    });
  const [keyStart] = rangeOf(map.items[0]?.key as Node);
  return withLines(text, endOfItem(last), blockText({ [name]: value }), keyStart - lineStart(text, keyStart));
}

function intoList(
  text: string,
  list: Extract<Node, { items: unknown[] }>,
  step: string | number,
  value: Json,
): string {
  const items = list.items as Node[];
  if (step !== items.length)
    throw new AppError("unsupported", `the settings have a list where "${step}" is wanted`);
  const [start, end] = rangeOf(list);
  const last = items.at(-1);
  if (!last) return spliced(text, { start, end, text: flowText([value]) });
  const lastEnd = endOfItem(last);
  if (list.flow) return spliced(text, { start: lastEnd, end: lastEnd, text: `, ${flowText(value)}` });
  return withLines(text, lastEnd, blockText([value]), start - lineStart(text, start));
}

/** Lines behind the one in which something ends, indented by so many blanks. */
function withLines(text: string, offset: number, block: string, columns: number): string {
  const eol = endOfLine(text);
  const atStart = offset > 0 && text[offset - 1] === "\n";
  const at = atStart ? offset : nextLine(text, offset);
  const gap = at === text.length && !text.endsWith("\n") ? eol : "";
  const lines = block.split("\n").slice(0, -1);
  const indented = lines.map((line) => (line === "" ? "" : " ".repeat(columns) + line));
  return spliced(text, { start: at, end: at, text: gap + indented.join(eol) + eol });
}

function withoutItem(
  text: string,
  parent: YAMLMap,
  item: Pair | Node,
  { index, isRoot }: { index: number; isRoot: boolean },
): string {
  const items = parent.items as (Pair | Node)[];
  const [start, end] = rangeOf(parent);
  if (items.length === 1) {
    // Without a value it is an empty document.
    if (isRoot && !parent.flow)
      return spliced(text, removalOf(text, start, start + text.slice(start, end).trimEnd().length));
    const tail = /\r?\n$/.exec(text.slice(start, end))?.[0] ?? "";
    return spliced(text, { start, end, text: (isMap(parent) ? "{}" : "[]") + tail });
  }
  const next = items[index + 1];
  const from = startOfItem(text, item, parent);
  if (parent.flow) {
    if (next) return spliced(text, { start: from, end: startOfItem(text, next, parent), text: "" });
    return spliced(text, {
      start: endOfItem(items[index - 1] as Pair | Node),
      end: endOfItem(item),
      text: "",
    });
  }
  const to = endOfItem(item);
  const isFirstBehindDash = text.slice(lineStart(text, from), from).trim() !== "";
  // `- name: x` keeps its dash.
  if (isFirstBehindDash && next)
    return spliced(text, { start: from, end: startOfItem(text, next, parent), text: "" });
  const whole = /\r?\n$/.exec(text.slice(from, to))?.[0].length ?? 0;
  return spliced(text, removalOf(text, from, to - whole));
}

function startOfItem(text: string, item: Pair | Node, parent: YAMLMap): number {
  if (isPair(item)) return rangeOf(item.key as Node)[0];
  const [start] = rangeOf(item);
  return parent.flow ? start : text.lastIndexOf("-", start - 1);
}

function endOfItem(item: Pair | Node): number {
  if (!isPair(item)) return rangeOf(item)[1];
  const key = rangeOf(item.key as Node)[1];
  return item.value ? Math.max(key, rangeOf(item.value as Node)[1]) : key;
}

function rangeOf(node: Node | undefined): readonly [start: number, valueEnd: number] {
  if (node?.range) return [node.range[0], node.range[1]];
  throw new AppError("unsupported", "a part of the settings has no place of its own");
}

function appended(text: string, block: string): string {
  const eol = endOfLine(text);
  const before = text === "" || text.endsWith("\n") ? text : text + eol;
  return before + block.replaceAll("\n", eol);
}

/** Texts always in quotes: `yes`, `1e3` and the like mean different things to different versions of YAML. */
const PRINT = { lineWidth: 0, defaultStringType: "QUOTE_DOUBLE", defaultKeyType: "PLAIN" } as const;

function blockText(value: Json): string {
  return stringify(value, PRINT);
}

/** JSON is YAML. */
function flowText(value: Json): string {
  return JSON.stringify(value);
}

function flowPair(name: string, value: Json): string {
  return `${JSON.stringify(name)}: ${flowText(value)}`;
}
