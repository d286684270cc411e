import { isJsonObject, objectAt, parseJson, stringAt } from "../kernel/index.ts";
import type { RouteRule } from "../providers/index.ts";

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
  /** The virtual key that made it; `undefined` for objects that no virtual key made. */
  ownerOf(connectionId: string, id: string): string | undefined | Promise<string | undefined>;
}

/** True for calls that make an object: their answer names it. */
export function isCreation(rule: RouteRule, method: string): boolean {
  return rule.stores !== undefined && method === "POST" && !rule.path.includes("/:");
}

/**
 * The id in the beginning of a creation's answer: `id`, `response.id` of a stream's first event, or Google's
 * `file.name`/`name`; `undefined` when it is not complete yet, or not there.
 */
export function createdObject(text: string): string | undefined {
  const event = /^data: ?(.*)$/m.exec(text)?.[1];
  const document = parseJson(event ?? text);
  if (!isJsonObject(document)) return undefined;
  return (
    stringAt(objectAt(document, "response"), "id") ??
    stringAt(document, "id") ??
    stringAt(objectAt(document, "file"), "name") ??
    stringAt(document, "name")
  );
}
