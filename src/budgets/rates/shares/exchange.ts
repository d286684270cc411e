import { intOf, type Row, type Store, textOf, type Tx } from "../../../store/index.ts";
import { storeTimeMs } from "../../store-state.ts";
import { inheritCounts, type KeptCounts, ownCounts } from "./counts.ts";

/** How much of a limit a gateway holds from now on: never more than the store knew. */
export interface Holding {
  readonly counter: string;
  readonly share: number;
  /** When there will be something to give; 0 = not known. Store time. */
  readonly freeAtMs: number;
}

/** A limit of which a gateway is short. */
export interface Ask {
  readonly counter: string;
  readonly limit: number;
  /** How much more it needs now. */
  readonly wanted: number;
}

export interface ExchangeRequest {
  readonly store: Store;
  readonly node: string;
  readonly nowMs: number;
  readonly leaseMs: number;
  /** Comes for the first time, or has been away for so long that others took over what it had. */
  readonly joins: boolean;
  /** It uses no more of any limit than the store says: only then may others count on it. */
  readonly shares: boolean;
  /** What it held before others came, and holds on to. */
  readonly claims: readonly Holding[];
  readonly gives: readonly Holding[];
  readonly asks: readonly Ask[];
}

export interface Share {
  readonly counter: string;
  readonly share: number;
  /** When others will have something to give, at the earliest; 0 = not known. Store time. */
  readonly othersFreeAtMs: number;
}

export interface TakenOver {
  readonly counter: string;
  readonly share: number;
}

export type ExchangeAnswer =
  /** Others have taken over: nothing of what it held is its own any more. */
  | { readonly kind: "lost" }
  | {
      readonly kind: "done";
      readonly nowMs: number;
      /** Other gateways that serve. */
      readonly others: number;
      /** Whoever came up to this number may count on the shares in the store. */
      readonly seen: number;
      /** Of each limit that was asked for. */
      readonly shares: readonly Share[];
      /** Held by gateways that are gone, in addition to what this one holds. */
      readonly takenOver: readonly TakenOver[];
      /** Counted by gateways that are gone, and by this one's last run. */
      readonly inherited: readonly KeptCounts[];
    };

/** The row that every exchange locks, and whose number counts who came. */
const LOCK = "";

/**
 * One step of sharing, in one transaction: says that this gateway lives, takes over what those that are gone have held
 * and counted, gives up shares, and takes of what nobody holds. All shares of a limit together are never more than it.
 */
export async function exchange(request: ExchangeRequest): Promise<ExchangeAnswer> {
  const { store, node, leaseMs } = request;
  return await store.tx(async (tx) => {
    const lock = await tx.get(`SELECT number FROM rate_nodes WHERE node = ?${tx.forUpdate}`, [LOCK]);
    const nowMs = await storeTimeMs(store, tx, request.nowMs);
    let newest = lock ? intOf(lock, "number") : 0;
    const rows = await tx.all("SELECT * FROM rate_nodes WHERE node <> ?", [LOCK]);
    const mine = rows.find((row) => textOf(row, "node") === node);
    if (mine === undefined && !request.joins) return { kind: "lost" };
    const number = request.joins ? ++newest : mine ? intOf(mine, "number") : newest;
    if (request.joins) await tx.run("UPDATE rate_nodes SET number = ? WHERE node = ?", [newest, LOCK]);

    const inherited: KeptCounts[] = request.joins ? await ownCounts(tx, node) : [];
    // Whoever was alone has used what nobody wrote down.
    for (const counts of inherited) await atLeast(tx, node, counts);
    const others = rows.filter((row) => textOf(row, "node") !== node && intOf(row, "until_ms") > nowMs);
    const seen = request.shares || others.length === 0 ? newest : mine ? intOf(mine, "seen") : 0;
    await tx.run(
      `INSERT INTO rate_nodes (node, number, seen, until_ms) VALUES (?, ?, ?, ?)
       ON CONFLICT (node) DO UPDATE SET number = excluded.number, seen = excluded.seen,
         until_ms = excluded.until_ms`,
      [node, number, seen, nowMs + leaseMs],
    );
    const known = others.every((row) => intOf(row, "seen") >= number);
    for (const claim of request.claims) await hold(tx, node, claim);
    for (const give of request.gives) await giveUp(tx, node, give);
    // Behind what is given up: that was said by somebody who did not know of it.
    const takenOver: TakenOver[] = [];
    for (const row of rows) {
      if (textOf(row, "node") === node || intOf(row, "until_ms") > nowMs) continue;
      const gone = textOf(row, "node");
      for (const counts of await ownCounts(tx, gone)) await atLeast(tx, gone, counts);
      takenOver.push(...(await takeOver(tx, gone, node)));
      inherited.push(...(await inheritCounts(tx, gone, node)));
    }
    if (others.length === 0) await tx.run("DELETE FROM rate_shares WHERE node = ?", [node]);
    const shares: Share[] = [];
    if (others.length > 0) {
      for (const ask of request.asks) shares.push(await take(tx, node, { ask, mayTake: known }));
    }
    return { kind: "done", nowMs, others: others.length, seen, shares, takenOver, inherited };
  });
}

/** The gateway stops: whoever looks next takes over. */
export async function leave(store: Store, node: string): Promise<void> {
  await store.run("UPDATE rate_nodes SET until_ms = 0 WHERE node = ?", [node]);
}

/** Its shares; with what it has counted of them they fit into the limit as they did before. */
async function takeOver(tx: Tx, gone: string, node: string): Promise<TakenOver[]> {
  const rows = await tx.all("SELECT counter, share FROM rate_shares WHERE node = ? AND share > 0", [gone]);
  const taken = rows.map((row) => ({ counter: textOf(row, "counter"), share: intOf(row, "share") }));
  for (const { counter, share } of taken) {
    await tx.run(
      `INSERT INTO rate_shares (counter, node, share, wanted, free_at_ms) VALUES (?, ?, ?, 0, 0)
       ON CONFLICT (counter, node) DO UPDATE SET share = rate_shares.share + excluded.share`,
      [counter, node, share],
    );
  }
  await tx.run("DELETE FROM rate_shares WHERE node = ?", [gone]);
  await tx.run("DELETE FROM rate_nodes WHERE node = ?", [gone]);
  return taken;
}

/** Holds as much as was counted, if it held less. */
async function atLeast(tx: Tx, node: string, { counter, entries }: KeptCounts): Promise<void> {
  const used = entries.reduce((sum, [, amount]) => sum + amount, 0);
  await tx.run(
    `INSERT INTO rate_shares (counter, node, share, wanted, free_at_ms) VALUES (?, ?, ?, 0, 0)
     ON CONFLICT (counter, node) DO UPDATE
       SET share = CASE WHEN rate_shares.share < excluded.share THEN excluded.share ELSE rate_shares.share END`,
    [counter, node, used],
  );
}

async function hold(tx: Tx, node: string, { counter, share }: Holding): Promise<void> {
  await tx.run(
    `INSERT INTO rate_shares (counter, node, share, wanted, free_at_ms) VALUES (?, ?, ?, 0, 0)
     ON CONFLICT (counter, node) DO UPDATE SET share = excluded.share`,
    [counter, node, share],
  );
}

async function giveUp(tx: Tx, node: string, { counter, share, freeAtMs }: Holding): Promise<void> {
  if (share === 0 && freeAtMs === 0) {
    await tx.run("DELETE FROM rate_shares WHERE counter = ? AND node = ? AND wanted = 0", [counter, node]);
  }
  await tx.run(
    `UPDATE rate_shares SET share = CASE WHEN share < ? THEN share ELSE ? END, free_at_ms = ?
     WHERE counter = ? AND node = ?`,
    [share, share, freeAtMs, counter, node],
  );
}

async function take(tx: Tx, node: string, { ask, mayTake }: { ask: Ask; mayTake: boolean }): Promise<Share> {
  const { counter, limit } = ask;
  const rows = await tx.all("SELECT * FROM rate_shares WHERE counter = ?", [counter]);
  const isMine = (row: Row) => textOf(row, "node") === node;
  const own = rows.find(isMine);
  const held = own ? intOf(own, "share") : 0;
  const taken = rows.reduce((sum, row) => sum + intOf(row, "share"), 0);
  const wanting = rows.filter((row) => !isMine(row) && intOf(row, "wanted") > 0).length;
  const free = mayTake ? Math.max(0, limit - taken) : 0;
  // All of it, unless others wait as well.
  const more = ask.wanted === 0 ? 0 : Math.min(free, Math.max(ask.wanted, Math.floor(free / (wanting + 1))));
  const wanted = Math.max(0, ask.wanted - more);
  await tx.run(
    `INSERT INTO rate_shares (counter, node, share, wanted, wanted_of, free_at_ms) VALUES (?, ?, ?, ?, ?, 0)
     ON CONFLICT (counter, node) DO UPDATE
       SET share = excluded.share, wanted = excluded.wanted, wanted_of = excluded.wanted_of`,
    [counter, node, held + more, wanted, limit],
  );
  const freeAt = rows.filter((row) => !isMine(row)).map((row) => intOf(row, "free_at_ms"));
  const known = freeAt.filter((atMs) => atMs > 0);
  return { counter, share: held + more, othersFreeAtMs: known.length === 0 ? 0 : Math.min(...known) };
}
