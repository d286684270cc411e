import { AppError, type Randomness, toHex } from "../kernel/index.ts";
import { intOf, type Queries, type Row, type Store, textOf, type Tx } from "../store/index.ts";

/** What there is once for all budgets of a store. */
export interface BudgetState {
  /**
   * Which life of the store this is. A store that was restored from a backup or copied begins another one: what was
   * spent and granted after the moment it shows is not in it.
   */
  readonly lineage: string;
  readonly lineageSinceMs: number;
  /** The latest time that was ever seen: time never goes back behind it. */
  readonly highWaterMs: number;
  readonly nextGrant: number;
  /** Raised with every change of a budget or a suspension. */
  readonly definitions: number;
}

export interface Origin {
  /** Where the database is, if it can be copied by copying files; `""` for a server. */
  readonly place: string;
  /** Names the restore that the database came out of, while nobody has confirmed it; else `undefined`. */
  readonly restore?: string | undefined;
}

/** Grant numbers begin at a random place, so that those of another life of the store are never taken for ours. */
const FIRST_GRANTS = 2 ** 44;

/** The state row, locked until the end of the transaction. @throws AppError `corrupt` when there is none. */
export async function lockState(tx: Tx): Promise<BudgetState> {
  const row = await tx.get(`SELECT * FROM budget_state WHERE id = 1${tx.forUpdate}`);
  if (row) return stateOf(row);
  throw new AppError("corrupt", "the budgets of this database were never opened");
}

export async function readState(queries: Queries): Promise<BudgetState | undefined> {
  const row = await queries.get("SELECT * FROM budget_state WHERE id = 1");
  return row && stateOf(row);
}

/**
 * Makes the state row when there is none, and begins a new life when the database turns out to be restored or a copy.
 * To be called before budgets are used. Gives whether a new life began: hard budgets then refuse until they are set.
 */
export async function openState(
  store: Store,
  { origin, nowMs, randomness }: { origin: Origin; nowMs: number; randomness: Randomness },
): Promise<{ begun: boolean }> {
  const known = await store.get("SELECT * FROM budget_state WHERE id = 1");
  if (known && isSameOrigin(textOf(known, "origin"), origin)) return { begun: false };
  return await store.tx(async (tx) => {
    const row = await tx.get(`SELECT * FROM budget_state WHERE id = 1${tx.forUpdate}`);
    const text = originText(origin);
    if (!row) {
      await tx.run(
        `INSERT INTO budget_state
           (id, lineage, lineage_since_ms, origin, high_water_ms, next_grant, definitions)
         VALUES (1, ?, 0, ?, ?, ?, 0) ON CONFLICT (id) DO NOTHING`,
        [toHex(randomness(16)), text, nowMs, randomGrant(randomness)],
      );
      return { begun: false };
    }
    if (isSameOrigin(textOf(row, "origin"), origin)) return { begun: false };
    await beginLineage(tx, { nowMs, randomness, origin: text });
    return { begun: true };
  });
}

/** Ends the present life: no gateway's slices are good any more, and what hard budgets have left is unknown. */
export async function beginLineage(
  tx: Tx,
  { nowMs, randomness, origin }: { nowMs: number; randomness: Randomness; origin?: string },
): Promise<void> {
  const state = await lockState(tx);
  await tx.run(
    `UPDATE budget_state SET lineage = ?, lineage_since_ms = ?, high_water_ms = ?, next_grant = ?,
       definitions = definitions + 1, origin = COALESCE(?, origin) WHERE id = 1`,
    [
      toHex(randomness(16)),
      Math.max(nowMs, state.highWaterMs),
      Math.max(nowMs, state.highWaterMs),
      randomGrant(randomness),
      origin ?? null,
    ],
  );
}

/** To be called in the transaction of every change of budgets and suspensions: gateways look at the number. */
export async function noteChange(tx: Tx): Promise<void> {
  await tx.run("UPDATE budget_state SET definitions = definitions + 1 WHERE id = 1");
}

/**
 * The store's clock: this machine's with SQLite, the server's with PostgreSQL. It may jump; see
 * {@link BudgetState.highWaterMs}.
 */
export async function storeTimeMs(
  store: Pick<Store, "engine">,
  queries: Queries,
  nowMs: number,
): Promise<number> {
  if (store.engine === "sqlite") return Math.trunc(nowMs);
  const row = await queries.get(
    "SELECT CAST(FLOOR(EXTRACT(EPOCH FROM clock_timestamp()) * 1000) AS BIGINT) AS now_ms",
  );
  return row ? intOf(row, "now_ms") : Math.trunc(nowMs);
}

function stateOf(row: Row): BudgetState {
  return {
    lineage: textOf(row, "lineage"),
    lineageSinceMs: intOf(row, "lineage_since_ms"),
    highWaterMs: intOf(row, "high_water_ms"),
    nextGrant: intOf(row, "next_grant"),
    definitions: intOf(row, "definitions"),
  };
}

function randomGrant(randomness: Randomness): number {
  const bytes = randomness(6);
  return bytes.reduce((sum, byte) => sum * 256 + byte, 0) % FIRST_GRANTS;
}

/** `place|restore`; a confirmed restore keeps the mark it had. */
function originText({ place, restore }: Origin): string {
  return `${place}|${restore ?? ""}`;
}

function isSameOrigin(text: string, { place, restore }: Origin): boolean {
  const bar = text.lastIndexOf("|");
  return text.slice(0, bar) === place && (restore === undefined || text.slice(bar + 1) === restore);
}
