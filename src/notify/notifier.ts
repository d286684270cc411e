import { type Clock, type Log, type NewId, toAppError } from "../kernel/index.ts";
import type { Store } from "../store/index.ts";
import type { Channel, ChannelName } from "./channel.ts";
import type { NewEvent, NotifyEvent } from "./event.ts";
import {
  countWaiting,
  type Delivery,
  dueDeliveries,
  insertDelivery,
  insertEvent,
  lease,
  pruneEvents,
  recentEvents,
  settleDelivery,
} from "./event-table.ts";
import { retryDelayMs } from "./retry.ts";

export interface NotifierOptions {
  readonly store: Store;
  readonly clock: Clock;
  readonly log: Log;
  readonly newId: NewId;
  /** From 0 up to 1. */
  readonly random: () => number;
  /** Those that are set up here; the log is told always. */
  readonly channels: readonly Channel[];
}

/** How one channel took an event. */
export interface Outcome {
  readonly channel: ChannelName;
  /** `null` = it was taken. */
  readonly problem: string | null;
  readonly hint: string | null;
}

/** More than so many wait only while nobody takes any: later ones are recorded and logged, not queued. */
const MAX_WAITING = 1000;
const BATCH = 20;
/** Longer than any attempt takes: after a crash somebody else tries again then. */
const LEASE_MS = 120_000;
const PRUNE_EVERY_MS = 3_600_000;
const TEST_KEPT_MS = 7 * 86_400_000;

/**
 * Tells people what they should hear of: each event once in the whole fleet, by its mark; to the log at once, to a
 * command and a webhook from a queue in the store. There each event arrives at least once, under the same id.
 */
export class Notifier {
  readonly #options: NotifierOptions;
  #prunedAtMs = Number.NEGATIVE_INFINITY;

  constructor(options: NotifierOptions) {
    this.#options = options;
  }

  get channels(): readonly ChannelName[] {
    return this.#options.channels.map(({ name }) => name);
  }

  /** Tells it, unless its mark is known; gives it when it is new. */
  async raise(event: NewEvent): Promise<NotifyEvent | undefined> {
    const { channels, log } = this.#options;
    const told = await this.#record(event, channels);
    if (told) log.warn("notify.event", { id: told.id, type: told.type, message: told.message });
    return told;
  }

  /** Remembers the mark without telling anybody: what it says is contained in another event. */
  async hush(event: NewEvent): Promise<void> {
    await this.#record({ ...event, message: "" }, []);
  }

  /** Delivers what is due; to be called every few seconds by the running program. */
  async deliverDue(): Promise<void> {
    await Promise.all(this.#options.channels.map((channel) => this.#deliverBy(channel)));
    await this.#prune();
  }

  /** Newest first. */
  async recent(limit: number): Promise<{ event: NotifyEvent; deliveries: Delivery[] }[]> {
    return await recentEvents(this.#options.store, limit);
  }

  async waiting(): Promise<number> {
    return await countWaiting(this.#options.store);
  }

  /** Tells every channel now that this is a test, without the queue, and gives how each took it. */
  async test(): Promise<Outcome[]> {
    const { channels, log } = this.#options;
    const mark = `test ${this.#options.newId("evt")}`;
    const message = "this is a test of Ownkey's alerts";
    const event = await this.#record(
      { type: "notify.test", mark, keepMs: TEST_KEPT_MS, message, data: {} },
      [],
    );
    if (!event) return [];
    log.info("notify.event", { id: event.id, type: event.type, message });
    return await Promise.all(channels.map((channel) => attempt(channel, event)));
  }

  async #record(event: NewEvent, channels: readonly Channel[]): Promise<NotifyEvent | undefined> {
    const { store, clock, newId, log } = this.#options;
    const { type, message, data } = event;
    const told: NotifyEvent = { id: newId("evt"), type, atMs: Math.trunc(clock.nowMs()), message, data };
    return await store.tx(async (tx) => {
      if (!(await insertEvent(tx, told, event))) return undefined;
      const full = channels.length > 0 && (await countWaiting(tx)) >= MAX_WAITING;
      if (full) log.error("notify.queue_full", { id: told.id });
      for (const { name } of channels) {
        const state = full ? "dropped" : "waiting";
        await insertDelivery(tx, { eventId: told.id, channel: name, state, nextMs: told.atMs });
      }
      return told;
    });
  }

  async #deliverBy(channel: Channel): Promise<void> {
    const { store, clock, random, log } = this.#options;
    const due = await dueDeliveries(store, {
      channel: channel.name,
      nowMs: Math.trunc(clock.nowMs()),
      limit: BATCH,
    });
    for (const { event, attempts } of due) {
      const nowMs = Math.trunc(clock.nowMs());
      const place = { eventId: event.id, channel: channel.name };
      if (!(await lease(store, { ...place, nowMs, untilMs: nowMs + LEASE_MS }))) continue;
      const { problem } = await attempt(channel, event);
      if (problem === null) {
        await settleDelivery(store, { ...place, state: "done", nextMs: 0, problem });
        continue;
      }
      const delayMs = retryDelayMs(attempts + 1, random());
      const state = delayMs === undefined ? "failed" : "waiting";
      await settleDelivery(store, {
        ...place,
        state,
        nextMs: Math.trunc(clock.nowMs()) + (delayMs ?? 0),
        problem,
      });
      log.warn("notify.not_delivered", {
        ...place,
        attempts: attempts + 1,
        problem,
        givenUp: delayMs === undefined,
      });
      // The others would most likely meet the same; their time comes with the next round.
      return;
    }
  }

  async #prune(): Promise<void> {
    const { store, clock } = this.#options;
    if (clock.monotonicMs() - this.#prunedAtMs < PRUNE_EVERY_MS) return;
    this.#prunedAtMs = clock.monotonicMs();
    await store.tx((tx) => pruneEvents(tx, Math.trunc(clock.nowMs())));
  }
}

async function attempt(channel: Channel, event: NotifyEvent): Promise<Outcome> {
  try {
    await channel.deliver(event);
    return { channel: channel.name, problem: null, hint: null };
  } catch (error) {
    const { message, hint } = toAppError(error);
    return { channel: channel.name, problem: message, hint: hint ?? null };
  }
}
