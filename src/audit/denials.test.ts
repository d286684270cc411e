import { expect, test } from "bun:test";
import { TestClock } from "./audit.testing.ts";
import { DenialAggregator } from "./denials.ts";
import type { AuditEvent } from "./entry.ts";

function aggregator(maxCounters?: number) {
  const clock = new TestClock();
  const written: AuditEvent[] = [];
  const disk = { full: false };
  const denials = new DenialAggregator({
    clock,
    ...(maxCounters === undefined ? {} : { maxCounters }),
    flush: async (entries) => {
      if (disk.full) throw new Error("full");
      written.push(...entries);
    },
  });
  return { clock, written, disk, denials };
}

test("one entry per virtual key, reason and minute, with the count", async () => {
  const { clock, written, denials } = aggregator();
  for (let i = 0; i < 1000; i++) denials.note({ virtualKeyId: "vk_a", reason: "expired" });
  denials.note({ virtualKeyId: "vk_a", reason: "model" });
  denials.note({ virtualKeyId: "vk_b", reason: "expired" });
  await denials.flushEnded();
  expect(written).toEqual([]); // the minute is not over
  clock.timeMs += 60_000;
  denials.note({ virtualKeyId: "vk_a", reason: "expired" });
  await denials.flushEnded();
  expect(written).toEqual([
    {
      caller: "virtual_key:vk_a",
      action: "gateway.request",
      subject: "vk_a",
      outcome: "denied",
      details: { count: 1000, minute: "2026-11-23T10:00:00.000Z", reason: "expired" },
    },
    expect.objectContaining({
      subject: "vk_a",
      details: expect.objectContaining({ count: 1, reason: "model" }),
    }),
    expect.objectContaining({ subject: "vk_b", details: expect.objectContaining({ count: 1 }) }),
  ]);
  await denials.close();
  expect(written).toHaveLength(4);
  await denials.close();
  expect(written).toHaveLength(4);
});

test("unknown callers are counted and never written", async () => {
  const { written, denials } = aggregator();
  for (let i = 0; i < 500; i++) denials.note({ reason: "unknown" });
  await denials.close();
  expect(denials.unknownCallers).toBe(500);
  expect(written).toEqual([]);
});

test("counters are bounded; what exceeds them is counted together", async () => {
  const { written, denials } = aggregator(10);
  for (let i = 0; i < 100; i++) denials.note({ virtualKeyId: `vk_${i}`, reason: "expired" });
  await denials.close();
  expect(written).toHaveLength(11);
  expect(written.at(-1)).toMatchObject({ subject: undefined, details: { count: 90, reason: "other" } });
});

test("when writing fails no denial is lost", async () => {
  const { written, disk, denials } = aggregator(2);
  for (let i = 0; i < 5; i++) denials.note({ virtualKeyId: `vk_${i}`, reason: "expired" });
  disk.full = true;
  const failing = denials.close();
  expect(failing).rejects.toThrow("full");
  await failing.catch(() => {});
  denials.note({ virtualKeyId: "vk_0", reason: "expired" });
  disk.full = false;
  await denials.close();
  expect(written.map(({ details }) => details?.["count"])).toEqual([2, 1, 3]);
});
