import { isJsonObject, type Json, parseJson } from "../../../kernel/index.ts";
import { intOf, type Row, type Store, textOf, type Tx } from "../../../store/index.ts";

/** What was counted of a limit, by when; times are wall clock. */
export interface KeptCounts {
  readonly counter: string;
  /** Oldest first. */
  readonly entries: readonly (readonly [atMs: number, amount: number])[];
  /** After this none of it counts any more. */
  readonly untilMs: number;
}

/** Writes what has changed, for this gateway's next run or for whoever takes over. */
export async function keepCounts(store: Store, node: string, kept: readonly KeptCounts[]): Promise<void> {
  if (kept.length === 0) return;
  await store.tx(async (tx) => {
    for (const counts of kept) await writeCounts(tx, node, counts);
  });
}

/** Forgets counts that are over, of everybody. */
export async function forgetOldCounts(store: Store, nowMs: number): Promise<void> {
  await store.run("DELETE FROM rate_counts WHERE until_ms <= ?", [Math.trunc(nowMs)]);
}

/** What this gateway's last run had counted. What cannot be read counts for nothing. */
export async function ownCounts(tx: Tx, node: string): Promise<KeptCounts[]> {
  return (await tx.all("SELECT * FROM rate_counts WHERE node = ?", [node])).map(countsOf);
}

/** Makes the counts of a gateway that is gone this one's own; gives what is new. */
export async function inheritCounts(tx: Tx, gone: string, node: string): Promise<KeptCounts[]> {
  const inherited = await ownCounts(tx, gone);
  for (const { counter, entries, untilMs } of inherited) {
    const row = await tx.get("SELECT * FROM rate_counts WHERE node = ? AND counter = ?", [node, counter]);
    const before = row && countsOf(row);
    await writeCounts(tx, node, {
      counter,
      entries: [...(before?.entries ?? []), ...entries].sort(([a], [b]) => a - b),
      untilMs: Math.max(untilMs, before?.untilMs ?? 0),
    });
  }
  await tx.run("DELETE FROM rate_counts WHERE node = ?", [gone]);
  return inherited;
}

async function writeCounts(tx: Tx, node: string, { counter, entries, untilMs }: KeptCounts): Promise<void> {
  await tx.run(
    `INSERT INTO rate_counts (node, counter, counts, until_ms) VALUES (?, ?, ?, ?)
     ON CONFLICT (node, counter) DO UPDATE SET counts = excluded.counts, until_ms = excluded.until_ms`,
    [node, counter, JSON.stringify({ format: 1, entries }), untilMs],
  );
}

function countsOf(row: Row): KeptCounts {
  return {
    counter: textOf(row, "counter"),
    entries: entriesIn(textOf(row, "counts")),
    untilMs: intOf(row, "until_ms"),
  };
}

function entriesIn(text: string): KeptCounts["entries"] {
  const document = parseJson(text);
  const entries = isJsonObject(document) && document["format"] === 1 ? document["entries"] : undefined;
  return Array.isArray(entries) ? entries.filter(isEntry) : [];
}

function isEntry(entry: Json): entry is [number, number] {
  return (
    Array.isArray(entry) &&
    entry.length === 2 &&
    entry.every((part) => typeof part === "number" && Number.isSafeInteger(part) && part >= 0)
  );
}
