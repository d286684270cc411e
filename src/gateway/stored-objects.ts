import { isJsonObject, objectAt, parseJson, stringAt } from "../kernel/index.ts";
import type { RouteRule } from "../providers/index.ts";
import { leadingTexts } from "./leading-texts.ts";

/** An object that a virtual key made at a provider: a file, a stored response, a batch. */
export interface StoredObject {
  readonly id: string;
  readonly connectionId: string;
  readonly virtualKeyId: string;
  readonly kind: NonNullable<RouteRule["stores"]>;
}

/** Who made which object, so that one virtual key does not see what another one's tool has uploaded or asked. */
export interface StoredObjects {
  /** Known to {@link StoredObjects.ownerOf} at once; written behind. */
  record(object: StoredObject): void;
  /** Resolves when everything recorded is written. */
  flush(): Promise<void>;
  /** The virtual key that made it; `undefined` for objects that no virtual key made. */
  ownerOf(connectionId: string, id: string): string | undefined | Promise<string | undefined>;
}

/** The id of the stored object that a path names under a rule (`/v1/files/:file`); `undefined` when it names none. */
export function objectInPath(rule: RouteRule, path: string): string | undefined {
  if (rule.stores === undefined) return undefined;
  const at = rule.path.split("/").findIndex((segment) => OBJECT_PARAMETERS.has(segment));
  return at < 0 ? undefined : path.split("/")[at];
}

/** True for calls that list what the account has stored. */
export function isListing(rule: RouteRule, method: string): boolean {
  return rule.stores !== undefined && method === "GET" && !rule.path.includes("/:");
}

/** True for calls that make an object: their answer names it. */
export function isCreation(rule: RouteRule, method: string): boolean {
  return rule.stores !== undefined && method === "POST" && !rule.path.includes("/:");
}

/**
 * The id in the beginning of a creation's answer: `id`, `response.id` of a stream's first event, or the last part of
 * Google's `file.name`; `undefined` when it is not complete yet, or not there.
 */
export function createdObject(text: string): string | undefined {
  const event = /^data: ?(.*)$/m.exec(text)?.[1];
  const document = parseJson(event ?? text);
  if (!isJsonObject(document)) return announcedObject(text, event);
  const id = stringAt(objectAt(document, "response"), "id") ?? stringAt(document, "id");
  const name = stringAt(objectAt(document, "file"), "name") ?? stringAt(document, "name");
  return id ?? name?.slice(name.lastIndexOf("/") + 1);
}

/** Answers repeat instructions and tools: the whole may be longer than what is kept of it. Only ids are certain then. */
function announcedObject(text: string, event: string | undefined): string | undefined {
  if (event !== undefined) return leadingTexts(event).get("response.id");
  return text.trimStart().startsWith("{") ? leadingTexts(text).get("id") : undefined;
}

const OBJECT_PARAMETERS: ReadonlySet<string> = new Set([
  ":file",
  ":response",
  ":batch",
  ":thread",
  ":cached_content",
]);
