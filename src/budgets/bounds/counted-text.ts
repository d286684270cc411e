import type { JsonNode, JsonTree } from "./json-tree.ts";
import type { TextCount } from "./text-bytes.ts";

/**
 * Counts strings by a tokenizer and everything between them (names, punctuation, numbers) by bytes. `count` has to be
 * the model's own; a string is cut out of its surroundings here, so that each gets some tokens more for what may be
 * cut differently at its ends.
 */
export function countedText(count: (text: string) => number): TextCount {
  return (tree, media) => {
    let tokens = tree.bytes.length;
    for (const string of strings(tree.root)) {
      const inside = media.filter(({ start, end }) => start >= string.start && end <= string.end);
      const size = string.end - string.start;
      if (inside.length > 0) tokens -= inside.reduce((sum, { start, end }) => sum + end - start, 0);
      else if (size >= WORTHWHILE_BYTES) tokens -= Math.max(0, size - textTokens(tree, string, count));
    }
    return tokens;
  };
}

/** Shorter ones cost less by their bytes than it takes to look at them. */
const WORTHWHILE_BYTES = 16;
const TOKENS_AT_ITS_ENDS = 4;

/**
 * Tokenizers take time by the square of a run without a break; nobody writes one that long. Such a text (base64, one
 * letter over and over) is left to its bytes.
 */
const LONGEST_RUN = /[^\s\p{P}]{512}|\s{512}|[\p{P}]{512}/u;

function textTokens(tree: JsonTree, string: JsonNode, count: (text: string) => number): number {
  const text = tree.text(string) ?? "";
  return LONGEST_RUN.test(text) ? string.end - string.start : count(text) + TOKENS_AT_ITS_ENDS;
}

function* strings(node: JsonNode): Generator<JsonNode> {
  if (node.kind === "string") yield node;
  for (const { value } of node.members) yield* strings(value);
  for (const item of node.items) yield* strings(item);
}
