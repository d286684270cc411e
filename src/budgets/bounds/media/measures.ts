/** How inline media are measured, one function for each form in which a dialect carries them. */
import { textOfPart } from "../../../kernel/index.ts";
import type { JsonNode } from "../json-tree.ts";
import type { Tally } from "../tally.ts";
import { base64ImageSize, withoutEscapedSlashes } from "./base64-image.ts";

/** Marks around a picture that the providers count with it. */
const WRAPPING_TOKENS = 32;

/** A picture as `data:image/…;base64,…`, a text of its own. Any other URL is fetched by the provider. */
export function imageUrl(node: JsonNode, path: string, tally: Tally): void {
  const head = dataUrlHead(node, tally);
  if (head !== undefined) image(node, path, tally, head.length);
  else if (node.kind === "string")
    tally.refuse(path, "is fetched by the provider, so that its size is not known", true);
  else tally.refuse(path, `is of type ${node.kind}, and nothing is known about that`);
}

/** A picture as base64, whatever its media type is said to be. */
export function image(node: JsonNode, path: string, tally: Tally, skip = 0): void {
  if (node.kind !== "string") {
    tally.refuse(path, `is of type ${node.kind}, and nothing is known about that`);
    return;
  }
  const rule = tally.family?.image?.tokens;
  if (rule === undefined) {
    tally.refuse(path, "is a picture, and what this model counts for one is not known", true);
    return;
  }
  const size = base64ImageSize(tally.tree, node, skip);
  if (size === undefined) {
    tally.refuse(path, "is no PNG, JPEG, GIF or WebP in plain base64 whose header tells its size", true);
    return;
  }
  tally.media.push({ ...node, start: node.start + 1 + skip, end: node.end - 1 });
  tally.mediaTokens += rule(size) + WRAPPING_TOKENS;
}

/** A document: text and pictures of its pages, together at most what the model holds. */
export function document(_node: JsonNode, path: string, tally: Tally): void {
  tally.needWindow(path);
}

/** Sound: counted by the second, at most what the model holds, at the price of sound. */
export function sound(_node: JsonNode, path: string, tally: Tally): void {
  tally.needWindow(path);
  tally.hasSound = true;
}

/** `data:image/…;base64,` as it stands in the body; `undefined` for anything else. */
function dataUrlHead({ kind, start, end }: JsonNode, { tree }: Tally): string | undefined {
  if (kind !== "string") return undefined;
  const text = textOfPart(tree.bytes, start + 1, Math.min(start + 129, end - 1), "latin1");
  const head = text.slice(0, text.indexOf(",") + 1);
  return /^data:image\/[a-z0-9.+-]+;base64,$/i.test(withoutEscapedSlashes(head)) ? head : undefined;
}
