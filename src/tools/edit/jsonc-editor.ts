/**
 * JSON with comments and trailing commas, as VS Code and its like read it. The library's own `modify` lays out again
 * what stands around a value; here everything else stays byte for byte.
 */
import { createScanner, type Node, type ParseError, parse, printParseErrorCode } from "jsonc-parser";
import { type Json, AppError } from "../../kernel/index.ts";
import type { Editor, ValuePath } from "./editor.ts";
import { jsoncTree } from "./jsonc-tree.ts";
import { endOfLine, indentAt, removalOf, type Splice, spliced } from "./splice.ts";
import { withValue } from "./values.ts";

/** `SyntaxKind.CommaToken`, of an enumeration that is erased. */
const COMMA = 5;

const OPTIONS = { allowTrailingComma: true, disallowComments: false };

export const jsoncEditor: Editor = {
  parse(text) {
    const errors: ParseError[] = [];
    const tree = parse(text, errors, { ...OPTIONS, allowEmptyContent: true }) as Json | undefined;
    const [first] = errors;
    if (first) throw new SyntaxError(`${printParseErrorCode(first.error)} at offset ${first.offset}`);
    return tree ?? {};
  },

  set(text, at, value) {
    const root = jsoncTree(text);
    if (!root) return withRoot(text, withValue({}, at, value));
    const { node, rest } = deepest(root, at);
    const [step, ...below] = rest;
    if (step === undefined) return spliced(text, replacement(text, node, value));
    const inner = below.length === 0 ? value : withValue({}, below, value);
    if (node.type !== "object" && node.type !== "array") {
      return spliced(text, replacement(text, node, withValue({}, rest, value)));
    }
    if (node.type === "array" && step !== (node.children?.length ?? 0)) {
      throw new AppError("unsupported", `the settings have a list where "${step}" is wanted`);
    }
    return spliced(text, ...insertion(text, node, step, inner));
  },

  remove(text, at) {
    let now = text;
    // A doubled name goes as often as it is there, or the earlier one would count again.
    for (;;) {
      const root = jsoncTree(now);
      const found = root && deepest(root, at);
      if (!found || found.rest.length > 0) return now;
      const member = found.node.parent?.type === "property" ? found.node.parent : found.node;
      if (!member.parent) throw new AppError("unsupported", "a whole document is not taken out");
      now = spliced(now, ...removal(now, member, member.parent));
      if (found.node.parent?.type === "array") return now;
    }
  },
};

/** As far as the path leads, and what is left of it. Of a doubled name the last one counts. */
function deepest(root: Node, at: ValuePath): { node: Node; rest: ValuePath } {
  let node = root;
  for (const [index, step] of at.entries()) {
    const next =
      node.type === "array"
        ? typeof step === "number"
          ? node.children?.[step]
          : undefined
        : node.children?.findLast((child) => child.children?.[0]?.value === String(step))?.children?.[1];
    if (!next || (node.type !== "array" && node.type !== "object")) return { node, rest: at.slice(index) };
    node = next;
  }
  return { node, rest: [] };
}

function replacement(text: string, node: Node, value: Json): Splice {
  const end = node.offset + node.length;
  return { start: node.offset, end, text: written(text, value, indentAt(text, node.offset)) };
}

/** A new last member, laid out like the one before it. */
function insertion(text: string, node: Node, step: string | number, value: Json): Splice[] {
  const children = node.children ?? [];
  const last = children.at(-1);
  const open = node.offset + 1;
  const close = node.offset + node.length - 1;
  const onLines = last ? text.slice(open, last.offset).includes("\n") : true;
  const indent = !onLines
    ? indentAt(text, node.offset)
    : last && text.slice(0, last.offset).endsWith(indentAt(text, last.offset))
      ? indentAt(text, last.offset)
      : indentAt(text, node.offset) + indentUnit(text);
  const name = node.type === "object" ? `${JSON.stringify(String(step))}: ` : "";
  const member = name + written(text, value, indent, onLines);
  const eol = endOfLine(text);
  if (!last) {
    // Comments may stand between the brackets: the member goes behind them.
    const inside = text.slice(open, close);
    const kept = inside.trimEnd();
    const start = open + kept.length;
    return [{ start, end: close, text: `${eol}${indent}${member}${eol}${indentAt(text, node.offset)}` }];
  }
  const end = last.offset + last.length;
  const comma = commaAfter(text, end);
  const gap = onLines ? eol + indent : " ";
  if (comma === undefined) {
    const behind = behindComment(text, end, close, onLines);
    return behind === end
      ? [{ start: end, end, text: `,${gap}${member}` }]
      : [
          { start: end, end, text: "," },
          { start: behind, end: behind, text: gap + member },
        ];
  }
  const behind = behindComment(text, comma + 1, close, onLines);
  return [{ start: behind, end: behind, text: `${gap}${member},` }];
}

/** Behind a comment on the same line, which belongs to what stands before it. */
function behindComment(text: string, from: number, close: number, onLines: boolean): number {
  if (!onLines) return from;
  const comment = /^[ \t]*(?:\/\/[^\r\n]*|\/\*[^\r\n]*?\*\/[ \t]*(?=\r?\n))/.exec(
    text.slice(from, close),
  )?.[0];
  return from + (comment?.trimEnd().length ?? 0);
}

function removal(text: string, member: Node, parent: Node): Splice[] {
  const end = member.offset + member.length;
  const comma = commaAfter(text, end);
  if (comma !== undefined) {
    // A comment between value and comma stays.
    if (text.slice(end, comma).trim() === "") return [removalOf(text, member.offset, comma + 1)];
    return [removalOf(text, member.offset, end), { start: comma, end: comma + 1, text: "" }];
  }
  const children = parent.children ?? [];
  const before = children[children.indexOf(member) - 1];
  const commaBefore = before && commaAfter(text, before.offset + before.length);
  if (commaBefore === undefined) return [removalOf(text, member.offset, end)];
  const between = text.slice(commaBefore + 1, member.offset);
  if (between.trim() === "" && !between.includes("\n")) return [{ start: commaBefore, end, text: "" }];
  return [{ start: commaBefore, end: commaBefore + 1, text: "" }, removalOf(text, member.offset, end)];
}

/** Where the next token is a comma; `undefined` when it is something else. */
function commaAfter(text: string, from: number): number | undefined {
  const scanner = createScanner(text, true);
  scanner.setPosition(from);
  const kind: number = scanner.scan();
  return kind === COMMA ? scanner.getTokenOffset() : undefined;
}

/** A text without any value, perhaps with comments. */
function withRoot(text: string, value: Json): string {
  const eol = endOfLine(text);
  const before = text.trim() === "" ? "" : `${text.trimEnd()}${eol}`;
  return `${before}${written(text, value, "")}${eol}`;
}

function written(text: string, value: Json, indent: string, onLines = true): string {
  if (!onLines) return JSON.stringify(value);
  return JSON.stringify(value, undefined, indentUnit(text)).replaceAll("\n", endOfLine(text) + indent);
}

function indentUnit(text: string): string {
  const first = /\n([ \t]+)\S/.exec(text)?.[1] ?? "  ";
  return first.startsWith("\t") ? "\t" : first.slice(0, 8);
}
