import { type Node, type ParseError, parseTree } from "jsonc-parser";

const OPTIONS = { allowTrailingComma: true, allowEmptyContent: true };
const BROKEN = "[";

/**
 * The tree of a JSON document with comments and trailing commas; of a broken one what can be made out. `undefined` when
 * there is nothing in it. What is nested deeper than anybody writes it, and than the parser can go, counts as broken.
 */
export function jsoncTree(text: string, errors: ParseError[] = []): Node | undefined {
  try {
    return parseTree(text, errors, OPTIONS);
  } catch (error) {
    if (!(error instanceof RangeError)) throw error;
    parseTree(BROKEN, errors, OPTIONS);
    return undefined;
  }
}
