/** All statements on `notify_events` and `notify_deliveries`. */
import { AppError, isJsonObject, parseJson } from "../kernel/index.ts";
import { intOf, optionalTextOf, type Queries, type Row, textOf, type Tx } from "../store/index.ts";
import { CHANNEL_NAMES, type ChannelName } from "./channel.ts";
import { EVENT_TYPES, type NewEvent, type NotifyEvent } from "./event.ts";

export const DELIVERY_STATES = ["waiting", "done", "failed", "dropped"] as const;
export type DeliveryState = (typeof DELIVERY_STATES)[number];

export interface Delivery {
  readonly channel: ChannelName;
  readonly state: DeliveryState;
  readonly attempts: number;
  /** When it is tried next, while it waits. */
  readonly nextMs: number;
  readonly problem: string | null;
}

/** Gives whether nobody had told it before. */
export async function insertEvent(
  tx: Tx,
  event: NotifyEvent,
  { mark, keepMs }: Pick<NewEvent, "mark" | "keepMs">,
): Promise<boolean> {
  const inserted = await tx.run(
    `INSERT INTO notify_events (id, mark, type, at_ms, message, data, keep_until_ms)
     VALUES (?, ?, ?, ?, ?, ?, ?) ON CONFLICT (mark) DO NOTHING`,
    [
      event.id,
      mark,
      event.type,
      event.atMs,
      event.message,
      JSON.stringify(event.data),
      keepMs === null ? null : event.atMs + keepMs,
    ],
  );
  return inserted > 0;
}

export async function insertDelivery(
  tx: Tx,
  {
    eventId,
    channel,
    state,
    nextMs,
  }: { eventId: string; channel: ChannelName; state: DeliveryState; nextMs: number },
): Promise<void> {
  await tx.run(
    `INSERT INTO notify_deliveries (event_id, channel, state, attempts, next_ms, leased_until_ms)
     VALUES (?, ?, ?, 0, ?, 0)`,
    [eventId, channel, state, nextMs],
  );
}

export async function countWaiting(queries: Queries): Promise<number> {
  const row = await queries.get("SELECT COUNT(*) AS waiting FROM notify_deliveries WHERE state = 'waiting'");
  return row ? intOf(row, "waiting") : 0;
}

/** Deliveries by this channel whose time has come and that nobody is at, oldest event first. */
export async function dueDeliveries(
  queries: Queries,
  { channel, nowMs, limit }: { channel: ChannelName; nowMs: number; limit: number },
): Promise<{ event: NotifyEvent; attempts: number }[]> {
  const rows = await queries.all(
    `SELECT e.*, d.attempts FROM notify_deliveries d JOIN notify_events e ON e.id = d.event_id
     WHERE d.channel = ? AND d.state = 'waiting' AND d.next_ms <= ? AND d.leased_until_ms <= ?
     ORDER BY e.id LIMIT ?`,
    [channel, nowMs, nowMs, limit],
  );
  return rows.map((row) => ({ event: eventOf(row), attempts: intOf(row, "attempts") }));
}

/** Takes a delivery for a while; false when somebody else has it. Counts the attempt before it is made. */
export async function lease(
  queries: Queries,
  {
    eventId,
    channel,
    nowMs,
    untilMs,
  }: { eventId: string; channel: ChannelName; nowMs: number; untilMs: number },
): Promise<boolean> {
  const taken = await queries.run(
    `UPDATE notify_deliveries SET leased_until_ms = ?, attempts = attempts + 1
     WHERE event_id = ? AND channel = ? AND state = 'waiting' AND leased_until_ms <= ?`,
    [untilMs, eventId, channel, nowMs],
  );
  return taken > 0;
}

/** How an attempt ended. */
export async function settleDelivery(
  queries: Queries,
  {
    eventId,
    channel,
    state,
    nextMs,
    problem,
  }: { eventId: string; channel: ChannelName; state: DeliveryState; nextMs: number; problem: string | null },
): Promise<void> {
  await queries.run(
    `UPDATE notify_deliveries SET state = ?, next_ms = ?, leased_until_ms = 0, problem = ?
     WHERE event_id = ? AND channel = ? AND state = 'waiting'`,
    [state, nextMs, problem, eventId, channel],
  );
}

/** Newest first, with their deliveries. */
export async function recentEvents(
  queries: Queries,
  limit: number,
): Promise<{ event: NotifyEvent; deliveries: Delivery[] }[]> {
  const rows = await queries.all("SELECT * FROM notify_events WHERE message <> '' ORDER BY id DESC LIMIT ?", [
    limit,
  ]);
  const deliveries = await queries.all(
    `SELECT * FROM notify_deliveries WHERE event_id >= ? ORDER BY event_id, channel`,
    [rows.length === 0 ? "~" : textOf(rows.at(-1) ?? {}, "id")],
  );
  return rows.map((row) => ({
    event: eventOf(row),
    deliveries: deliveries.filter((one) => one["event_id"] === row["id"]).map(deliveryOf),
  }));
}

/** Forgets events whose marks need not be remembered any more. */
export async function pruneEvents(tx: Tx, nowMs: number): Promise<void> {
  await tx.run(
    "DELETE FROM notify_deliveries WHERE event_id IN (SELECT id FROM notify_events WHERE keep_until_ms < ?)",
    [nowMs],
  );
  await tx.run("DELETE FROM notify_events WHERE keep_until_ms < ?", [nowMs]);
}

function eventOf(row: Row): NotifyEvent {
  const data = parseJson(textOf(row, "data"));
  const type = EVENT_TYPES.find((one) => one === row["type"]);
  if (type === undefined || !isJsonObject(data))
    throw new AppError("corrupt", "an alert in the database cannot be read");
  return { id: textOf(row, "id"), type, atMs: intOf(row, "at_ms"), message: textOf(row, "message"), data };
}

function deliveryOf(row: Row): Delivery {
  const channel = CHANNEL_NAMES.find((one) => one === row["channel"]);
  const state = DELIVERY_STATES.find((one) => one === row["state"]);
  if (channel === undefined || state === undefined) {
    throw new AppError("corrupt", "a delivery in the database cannot be read");
  }
  return {
    channel,
    state,
    attempts: intOf(row, "attempts"),
    nextMs: intOf(row, "next_ms"),
    problem: optionalTextOf(row, "problem") ?? null,
  };
}
