// What telling must do on every engine. Each engine's test file opens stores and runs it.
import { describe, expect, test } from "bun:test";
import { AppError, idMaker, silentLog, systemRandomness } from "../kernel/index.ts";
import type { Store } from "../store/index.ts";
import type { Channel } from "./channel.ts";
import type { NewEvent, NotifyEvent } from "./event.ts";
import { Notifier } from "./notifier.ts";

const HALF: NewEvent = {
  type: "budget.threshold",
  mark: "budget bud_1 month 50",
  keepMs: 1000,
  message: "half of it is used",
  data: { budget: "everything/month", threshold: 50 },
};

class Receiver implements Channel {
  readonly name;
  readonly got: NotifyEvent[] = [];
  /** What it says from now on instead of taking events. */
  problem: string | undefined;

  constructor(name: Channel["name"] = "webhook") {
    this.name = name;
  }

  async deliver(event: NotifyEvent): Promise<void> {
    await Promise.resolve();
    this.got.push(event);
    if (this.problem !== undefined) throw new AppError("conflict", this.problem);
  }
}

export function notifierContract(engine: string, open: () => Promise<Store>): void {
  const ground = async () => {
    const store = await open();
    const times = { nowMs: 1_000_000, monotonicMs: 0 };
    const clock = { nowMs: () => times.nowMs, monotonicMs: () => times.monotonicMs };
    const notifier = (...channels: Channel[]) =>
      new Notifier({
        store,
        clock,
        log: silentLog,
        newId: idMaker(clock, systemRandomness),
        random: () => 0,
        channels,
      });
    return { store, times, notifier, [Symbol.asyncDispose]: () => store.close() };
  };
  const states = async (notifier: Notifier) =>
    (await notifier.recent(10)).map(({ deliveries }) =>
      deliveries.map(({ channel, state, attempts }) => `${channel} ${state} ${attempts}`),
    );

  describe(`alerts on ${engine}`, () => {
    test("an event is told once in the whole fleet, by every channel, under one id", async () => {
      await using at = await ground();
      const [webhook, command] = [new Receiver(), new Receiver("command")];
      const [one, two] = [at.notifier(webhook, command), at.notifier(webhook, command)];
      const raised = await Promise.all([one.raise(HALF), two.raise(HALF), one.raise(HALF)]);
      const told = raised.filter((event) => event !== undefined);
      expect(told).toHaveLength(1);
      await Promise.all([one.deliverDue(), two.deliverDue()]);
      await one.deliverDue();
      expect(webhook.got).toEqual([...told]);
      expect(command.got).toEqual([...told]);
      expect(await states(one)).toEqual([["command done 1", "webhook done 1"]]);
    });

    test("an event that is hushed counts as told and is not listed", async () => {
      await using at = await ground();
      const webhook = new Receiver();
      const notifier = at.notifier(webhook);
      await notifier.hush(HALF);
      expect(await notifier.raise(HALF)).toBeUndefined();
      await notifier.deliverDue();
      expect(webhook.got).toEqual([]);
      expect(await notifier.recent(10)).toEqual([]);
    });

    test("a receiver that is away is tried again, later and later, and then given up; others do not wait for it", async () => {
      await using at = await ground();
      const [webhook, command] = [new Receiver(), new Receiver("command")];
      webhook.problem = "it is away";
      const notifier = at.notifier(webhook, command);
      await notifier.raise(HALF);
      const waits: number[] = [];
      for (let tries = 1; tries <= 20 && (await notifier.waiting()) > 0; tries++) {
        await notifier.deliverDue();
        const [{ deliveries } = { deliveries: [] }] = await notifier.recent(1);
        const waiting = deliveries.find(({ state }) => state === "waiting");
        if (!waiting) break;
        expect(waiting).toMatchObject({ attempts: tries, problem: "it is away" });
        waits.push(waiting.nextMs - at.times.nowMs);
        // Not a moment before.
        at.times.nowMs = waiting.nextMs - 1;
        await notifier.deliverDue();
        expect(webhook.got).toHaveLength(tries);
        at.times.nowMs += 1;
      }
      const seconds = waits.map((ms) => ms / 1000);
      expect(seconds).toEqual([2.5, 15, 60, 300, 1800, 5400, 10_800, 21_600]);
      expect(await states(notifier)).toEqual([["command done 1", "webhook failed 9"]]);
      expect(new Set(webhook.got.map(({ id }) => id)).size).toBe(1);
    });

    test("what was not delivered when the program ended is delivered by the next one", async () => {
      await using at = await ground();
      await at.notifier(new Receiver()).raise(HALF);
      // Taken, and then the power failed: the next one waits until nobody can be at it any more.
      const dying: Channel = { name: "webhook", deliver: () => new Promise(() => {}) };
      void at.notifier(dying).deliverDue();
      const webhook = new Receiver();
      const next = at.notifier(webhook);
      for (let tries = 0; tries < 200 && (await states(next))[0]?.[0] !== "webhook waiting 1"; tries++) {
        await new Promise((resolve) => setImmediate(resolve));
      }
      await next.deliverDue();
      expect(webhook.got).toEqual([]);
      at.times.nowMs += 120_000;
      await next.deliverDue();
      expect(webhook.got).toHaveLength(1);
      expect(await states(next)).toEqual([["webhook done 2"]]);
    });

    test("a queue that nobody empties ends: later events are recorded and not queued", async () => {
      await using at = await ground();
      const webhook = new Receiver();
      const notifier = at.notifier(webhook);
      await at.store.tx(async (tx) => {
        for (let index = 0; index < 1000; index++) {
          await tx.run(
            `INSERT INTO notify_events (id, mark, type, at_ms, message, data, keep_until_ms)
             VALUES (?, ?, 'notify.test', 1, 'old', '{}', NULL)`,
            [`evt_${index}`, `mark ${index}`],
          );
          await tx.run(
            `INSERT INTO notify_deliveries (event_id, channel, state, attempts, next_ms, leased_until_ms)
             VALUES (?, 'webhook', 'waiting', 0, ?, 0)`,
            [`evt_${index}`, at.times.nowMs + 1],
          );
        }
      });
      const event = await notifier.raise(HALF);
      expect(await notifier.waiting()).toBe(1000);
      const row = await at.store.get("SELECT state FROM notify_deliveries WHERE event_id = ?", [
        event?.id ?? "",
      ]);
      expect(row).toEqual({ state: "dropped" });
    });

    test("marks are forgotten when they need not be remembered any more, others never", async () => {
      await using at = await ground();
      const notifier = at.notifier();
      await notifier.raise(HALF);
      await notifier.raise({ ...HALF, mark: "for good", keepMs: null });
      at.times.nowMs += 2000;
      at.times.monotonicMs += 3_600_000;
      await notifier.deliverDue();
      expect((await notifier.raise(HALF))?.message).toBe(HALF.message);
      expect(await notifier.raise({ ...HALF, mark: "for good" })).toBeUndefined();
    });

    test("a test goes to every channel at once and says how each took it", async () => {
      await using at = await ground();
      const [webhook, command] = [new Receiver(), new Receiver("command")];
      webhook.problem = "it is away";
      const notifier = at.notifier(webhook, command);
      expect(await notifier.test()).toEqual([
        { channel: "webhook", problem: "it is away", hint: null },
        { channel: "command", problem: null, hint: null },
      ]);
      expect(command.got[0]).toMatchObject({ type: "notify.test" });
      expect(await notifier.waiting()).toBe(0);
    });
  });
}
