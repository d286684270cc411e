import {
  AppError,
  isJsonObject,
  isTooDeep,
  type Json,
  type JsonObject,
  parseJson,
  stringAt,
} from "../kernel/index.ts";
import { idIn } from "./ownership.ts";
import type { UpstreamAnswer } from "./upstream/answer.ts";

/** Lists are short pages; more than this is none. */
const MAX_LIST_BYTES = 8 * 1024 * 1024;

/**
 * A provider's list of stored objects with only those left that `isOwn`. The one answer that is written anew.
 * @throws AppError `provider_unreachable` when it is no list that we can read: then nothing passes.
 */
export async function ownObjects(
  answer: UpstreamAnswer,
  isOwn: (id: string) => Promise<boolean>,
): Promise<string> {
  const text = (isReadable(answer) ? await shortText(answer) : undefined) ?? "";
  const document = isTooDeep(text) ? undefined : parseJson(text);
  if (!isJsonObject(document)) throw unreadable();
  // OpenAI and Anthropic: `data`; Google: `files`, `cachedContents`, `batches`, absent when empty.
  const filtered: Record<string, Json> = {};
  for (const [name, value] of Object.entries(document)) {
    filtered[name] = Array.isArray(value) ? await onlyOwn(value, isOwn) : value;
  }
  return JSON.stringify(filtered);
}

async function onlyOwn(items: readonly Json[], isOwn: (id: string) => Promise<boolean>): Promise<Json[]> {
  const own: Json[] = [];
  for (const item of items) {
    const id = isJsonObject(item) ? idOf(item) : undefined;
    if (id !== undefined && (await isOwn(id))) own.push(item);
  }
  return own;
}

function idOf(item: JsonObject): string | undefined {
  const name = stringAt(item, "name");
  return stringAt(item, "id") ?? (name === undefined ? undefined : idIn(name));
}

function isReadable({ headers }: UpstreamAnswer): boolean {
  return headers.get("content-encoding") === null;
}

/** `undefined` when it is longer than any list. */
async function shortText({ body }: UpstreamAnswer): Promise<string | undefined> {
  const pieces: Uint8Array[] = [];
  let size = 0;
  for (let piece = await body?.read(); piece !== undefined; piece = await body?.read()) {
    size += piece.length;
    if (size > MAX_LIST_BYTES) {
      body?.cancel();
      return undefined;
    }
    pieces.push(piece);
  }
  return Buffer.concat(pieces).toString("utf8");
}

function unreadable(): AppError {
  return new AppError(
    "provider_unreachable",
    "the provider's list could not be read, so nothing of it is shown",
    {
      hint: "look up single objects by their id",
    },
  );
}
