import { type Node, parseTree } from "jsonc-parser";
import { DEEPEST, type Entry } from "./entry.ts";

/**
 * The texts of a JSON document with comments, trailing commas or a BOM. Of a broken document what can be made out; of
 * a name that stands twice both values, as tools differ in which one they take.
 */
export function readJsonc(text: string): Entry[] {
  const positionOf = positions(text);
  const entries: Entry[] = [];
  const visit = (node: Node, path: readonly string[]) => {
    if (path.length > DEEPEST) return;
    if (node.type === "string") {
      entries.push({ path, value: String(node.value), ...positionOf(node.offset) });
      return;
    }
    for (const [index, child] of (node.children ?? []).entries()) {
      const [name, value] = child.children ?? [];
      if (node.type === "array") visit(child, [...path, String(index)]);
      else if (name && value) visit(value, [...path, String(name.value)]);
    }
  };
  // A BOM is no white space to the parser.
  const root = treeOf(text.startsWith("\ufeff") ? ` ${text.slice(1)}` : text);
  if (root) visit(root, []);
  return entries;
}

/** `undefined` for what is nested deeper than the parser can go: nobody writes that. */
function treeOf(text: string): Node | undefined {
  try {
    return parseTree(text, [], { allowTrailingComma: true, allowEmptyContent: true });
  } catch (error) {
    if (error instanceof RangeError) return undefined;
    throw error;
  }
}

/** Offsets must be asked for in ascending order, so that a large file is gone through once. */
function positions(text: string): (offset: number) => { line: number; column: number } {
  let line = 1;
  let lineStart = 0;
  let next = text.indexOf("\n");
  return (offset) => {
    while (next >= 0 && next < offset) {
      line++;
      lineStart = next + 1;
      next = text.indexOf("\n", lineStart);
    }
    return { line, column: offset - lineStart + 1 };
  };
}
