import { isJsonObject, type Json, type JsonObject, parseJson } from "../../kernel/index.ts";
import { type Queries, type Store, textOf } from "../../store/index.ts";
import type { ProviderRate } from "../../providers/index.ts";
import type { SeenRates } from "./provider-rates.ts";

/** So many models of a key are kept; those seen last. */
const MOST_MODELS = 50;

/** Writes what providers told last, beside what other gateways have seen of other models. */
export async function keepSeenRates(
  store: Store,
  seen: ReadonlyMap<string, readonly SeenRates[]>,
): Promise<void> {
  if (seen.size === 0) return;
  await store.tx(async (tx) => {
    for (const [keyId, own] of [...seen].sort(([a], [b]) => (a < b ? -1 : 1))) {
      const row = await tx.get(`SELECT seen FROM rate_seen WHERE key_id = ?${tx.forUpdate}`, [keyId]);
      const merged = newestOf([...(row ? seenIn(textOf(row, "seen")) : []), ...own]).slice(-MOST_MODELS);
      await tx.run(
        `INSERT INTO rate_seen (key_id, seen) VALUES (?, ?)
         ON CONFLICT (key_id) DO UPDATE SET seen = excluded.seen`,
        [keyId, JSON.stringify({ format: 1, seen: merged })],
      );
    }
  });
}

/** What providers told last of a key, whichever gateway has seen it; oldest first. */
export async function seenRates(queries: Queries, keyId: string): Promise<SeenRates[]> {
  const row = await queries.get("SELECT seen FROM rate_seen WHERE key_id = ?", [keyId]);
  return row ? seenIn(textOf(row, "seen")) : [];
}

/** Of each model what was seen last, oldest first. */
export function newestOf(seen: readonly SeenRates[]): SeenRates[] {
  const byModel = new Map<string | null, SeenRates>();
  for (const one of [...seen].sort((a, b) => a.seenAtMs - b.seenAtMs)) {
    byModel.delete(one.model);
    byModel.set(one.model, one);
  }
  return [...byModel.values()];
}

/** It decides nothing: what cannot be read was not seen. */
function seenIn(text: string): SeenRates[] {
  const document = parseJson(text);
  const list = isJsonObject(document) && document["format"] === 1 ? document["seen"] : undefined;
  return Array.isArray(list) ? list.flatMap((one) => (isJsonObject(one) ? (seenOf(one) ?? []) : [])) : [];
}

function seenOf({ model, rates, seenAtMs, pausedUntilMs }: JsonObject): SeenRates | undefined {
  if (
    (model !== null && typeof model !== "string") ||
    typeof seenAtMs !== "number" ||
    !Array.isArray(rates)
  ) {
    return undefined;
  }
  return {
    model,
    rates: rates.flatMap((rate) => (isJsonObject(rate) ? (rateOf(rate) ?? []) : [])),
    seenAtMs,
    pausedUntilMs: numberOrNull(pausedUntilMs),
  };
}

function rateOf({ name, limit, remaining, resetMs }: JsonObject): ProviderRate | undefined {
  if (typeof name !== "string") return undefined;
  return {
    name,
    limit: numberOrNull(limit),
    remaining: numberOrNull(remaining),
    resetMs: numberOrNull(resetMs),
  };
}

function numberOrNull(value: Json | undefined): number | null {
  return typeof value === "number" ? value : null;
}
