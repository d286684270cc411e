import type { ProviderKey } from "./connection.ts";

const DAY_MS = 86_400_000;
/** How long a value may be in use: a production key is worth more to a thief. */
export const ROTATION_DAYS = { development: 90, production: 30 } as const;

/**
 * When the key's value should be replaced: counted from its last replacement, else from its creation. A key without
 * a class counts as one for development. `null` for keys that are no longer in use.
 */
export function dueAtMs(
  key: Pick<ProviderKey, "class" | "createdAtMs" | "rotatedAtMs" | "state">,
): number | null {
  if (key.state === "removed" || key.state === "revoked") return null;
  return (key.rotatedAtMs ?? key.createdAtMs) + ROTATION_DAYS[key.class ?? "development"] * DAY_MS;
}
