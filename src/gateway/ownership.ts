import { matchesAny, type VirtualKey } from "../access/index.ts";
import type { Connection } from "../connections/index.ts";
import { AppError } from "../kernel/index.ts";
import type { RouteRule } from "../providers/index.ts";
import { objectInPath, type StoredObjects } from "./stored-objects.ts";

export interface ObjectUse {
  readonly virtualKey: VirtualKey;
  readonly connection: Connection;
  readonly rule: RouteRule;
  readonly path: string;
  /** Connections that may lead to the same account as this one, itself included: an id means the same there. */
  readonly sameAccount: readonly Connection[];
  /** Ids of stored objects that the body refers to. */
  readonly references: ReadonlySet<string>;
}

/**
 * Keeps virtual keys away from each other's files and responses. An object in the path must be the key's own, unless
 * its policy opens that path by name; one that the body refers to must not be known as somebody else's.
 * @throws AppError `not_found`, the same for what is not there and for what is another's.
 */
export async function checkOwnership(objects: StoredObjects, use: ObjectUse): Promise<void> {
  const { virtualKey, connection, rule, path } = use;
  const named = objectInPath(rule, path);
  if (named !== undefined && !matchesAny(virtualKey.policy.paths, path)) {
    if ((await objects.ownerOf(connection.id, named)) !== virtualKey.id) throw notThere(rule);
  }
  for (const reference of use.references) {
    const referred = idIn(reference);
    for (const { id } of use.sameAccount) {
      const owner = await objects.ownerOf(id, referred);
      if (owner !== undefined && owner !== virtualKey.id) throw notThere(rule);
    }
  }
}

/** Google names files by URL or `files/id`; the id is what is recorded. */
export function idIn(reference: string): string {
  return reference.slice(reference.lastIndexOf("/") + 1);
}

function notThere(rule: RouteRule): AppError {
  const what = rule.stores === undefined ? "object" : rule.stores.replace("_", " ");
  return new AppError("not_found", `there is no such ${what}`, {
    hint: "virtual keys see only what was made with them, through this gateway",
  });
}
