import { textOfPart } from "../../../kernel/index.ts";
import type { JsonNode, JsonTree } from "../json-tree.ts";
import { imageSize } from "./image-size.ts";
import type { ImageSize } from "./size.ts";

/** Photographs carry colour profiles and previews before their size; more than this is no header any more. */
const FIRST_LOOK_CHARACTERS = 64 * 1024;
const LONGEST_HEAD_CHARACTERS = 4 * 1024 * 1024;

/**
 * The size of the picture whose base64 begins `skip` characters into a string, without decoding all of it.
 * `undefined` for anything but the standard alphabet: decoders differ in what else they take, and some would see
 * another picture than this reader does.
 */
export function base64ImageSize(tree: JsonTree, node: JsonNode, skip = 0): ImageSize | undefined {
  for (const length of [FIRST_LOOK_CHARACTERS, LONGEST_HEAD_CHARACTERS]) {
    const head = beginning(tree, node, skip, length);
    if (!/^[A-Za-z0-9+/]+={0,2}$/.test(head)) return undefined;
    const size = imageSize(Buffer.from(head, "base64"));
    if (size !== undefined || head.length < length) return size;
  }
  return undefined;
}

/** As many characters, in whole groups of four. */
function beginning(tree: JsonTree, { start, end }: JsonNode, skip: number, length: number): string {
  const from = start + 1 + skip;
  const raw = textOfPart(tree.bytes, from, Math.min(from + length, end - 1), "latin1");
  if (!raw.includes("\\")) return raw;
  // Some writers escape every slash.
  const whole = JSON.parse(`"${textOfPart(tree.bytes, start + 1, end - 1)}"`) as string;
  return whole.slice(skip, skip + length);
}
