import type { ProviderKey } from "./connection.ts";

/**
 * The key that serves a connection's requests: the oldest active inference key. Further ones are kept, in reserve for
 * when that one is disabled or removed. `undefined` when there is none.
 */
export function servingKey(keys: readonly ProviderKey[]): ProviderKey | undefined {
  return keys
    .filter((key) => key.kind === "inference" && key.state === "active" && key.version > 0)
    .reduce<ProviderKey | undefined>(
      (oldest, key) => (oldest && isOlder(oldest, key) ? oldest : key),
      undefined,
    );
}

/** Ids sort by creation, so they decide within one millisecond. */
function isOlder(a: ProviderKey, b: ProviderKey): boolean {
  return a.createdAtMs === b.createdAtMs ? a.id < b.id : a.createdAtMs < b.createdAtMs;
}
