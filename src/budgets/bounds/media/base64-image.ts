import { textOfPart } from "../../../kernel/index.ts";
import type { JsonNode, JsonTree } from "../json-tree.ts";
import { imageSize } from "./image-size.ts";
import type { ImageSize } from "./size.ts";

/** Photographs carry colour profiles and previews before their size; more than this is no header any more. */
const FIRST_LOOK_CHARACTERS = 64 * 1024;
const LONGEST_HEAD_CHARACTERS = 4 * 1024 * 1024;

/**
 * The size of the picture whose base64 begins `skip` bytes into a string, without decoding all of it.
 * `undefined` for anything but the standard alphabet: decoders differ in what else they take, and some would see
 * another picture than this reader does.
 */
export function base64ImageSize(tree: JsonTree, node: JsonNode, skip = 0): ImageSize | undefined {
  const from = node.start + 1 + skip;
  for (const length of [FIRST_LOOK_CHARACTERS, LONGEST_HEAD_CHARACTERS]) {
    const to = Math.min(from + length, node.end - 1);
    const head = withoutEscapedSlashes(textOfPart(tree.bytes, from, to, "latin1").replace(/\\$/, ""));
    if (!/^[A-Za-z0-9+/]+={0,2}$/.test(head)) return undefined;
    const size = imageSize(Buffer.from(head, "base64"));
    if (size !== undefined || to === node.end - 1) return size;
  }
  return undefined;
}

/** Some writers escape every slash, as JSON lets them. */
export function withoutEscapedSlashes(text: string): string {
  return text.includes("\\") ? text.replaceAll("\\/", "/") : text;
}
