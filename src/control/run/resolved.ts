import type { VirtualKey } from "../../access/index.ts";
import type { Connection, ProviderKey } from "../../connections/index.ts";
import { AppError } from "../../kernel/index.ts";
import { providerById, sdkVariables } from "../../providers/index.ts";
import type { Control } from "../control.ts";
import { parseReference, type Reference } from "./reference.ts";

/** A reference with what it names. */
export interface ResolvedReference extends Reference {
  readonly found: Connection;
  readonly providerKey: ProviderKey;
  /** The gateway lends another key of the connection than the one that was named. */
  readonly servedByOther: boolean;
}

/** Finds what references name. @throws AppError `invalid_input`, `not_found`; `denied` for an admin credential. */
export async function resolveReferences(
  { connections }: Pick<Control, "connections">,
  texts: Iterable<string>,
): Promise<Map<string, ResolvedReference>> {
  const resolved = new Map<string, ResolvedReference>();
  const wanted = [...texts];
  if (wanted.length === 0) return resolved;
  const all = await connections.list();
  for (const text of wanted) {
    if (resolved.has(text)) continue;
    const reference = parseReference(text);
    const found = all.find(({ name }) => name === reference.connection);
    if (!found) throw noConnection(reference.connection);
    const keys = await connections.keysOf(found.id);
    const providerKey = keys.find(({ name, state }) => name === reference.key && state !== "removed");
    if (!providerKey) throw noKey(reference);
    if (providerKey.kind === "admin") throw adminKey(reference);
    const serving = await connections.servingKeyOf(found.id);
    resolved.set(text, { ...reference, found, providerKey, servedByOther: serving?.id !== providerKey.id });
  }
  return resolved;
}

/** Where requests of one connection go at the gateway, as the usual SDK of its provider wants it. */
export function gatewayBaseUrl(gatewayUrl: string, connection: Connection): string {
  const { baseUrls } = sdkVariables(providerById(connection.provider, connection.preset));
  return `${gatewayUrl}/c/${connection.name}${baseUrls[0]?.[1] ?? ""}`;
}

/** @throws AppError `denied` for a connection that the virtual key may not use. */
export function assertMayUse({ name, policy }: VirtualKey, connection: Connection): void {
  if (policy.connections.length === 0 || policy.connections.includes(connection.id)) return;
  throw new AppError("denied", `the virtual key "${name}" may not use the connection "${connection.name}"`, {
    hint: `allow it: ownkey vk set ${name} --connections ${connection.name}; or choose another: --vk NAME`,
  });
}

export function noConnection(name: string): AppError {
  return new AppError("not_found", `there is no connection "${name}"`, {
    hint: "run: ownkey connections list",
  });
}

function noKey({ connection, key }: Reference): AppError {
  return new AppError("not_found", `the connection "${connection}" has no key "${key}"`, {
    hint: "run: ownkey keys list",
  });
}

function adminKey({ connection, key }: Reference): AppError {
  return new AppError("denied", `${connection}/${key} manages keys and is never given to programs`, {
    hint: "refer to a key for requests: ownkey keys list",
  });
}
