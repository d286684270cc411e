import { expect, test } from "bun:test";
import { ClockWatch } from "./clock-watch.ts";

const HOUR_MS = 3_600_000;

function watched(knowsSinceBoot: boolean) {
  const times = { wall: 1e12, monotonic: 5, boot: 9e6 };
  const clock = { nowMs: () => times.wall, monotonicMs: () => times.monotonic };
  const watch = new ClockWatch(clock, () => (knowsSinceBoot ? times.boot : undefined));
  watch.look();
  /** Time goes by; awake or asleep, and the clock is set by so much. */
  return (passedMs: number, { asleep = false, setByMs = 0 } = {}) => {
    times.wall += passedMs + setByMs;
    times.boot += passedMs;
    if (!asleep) times.monotonic += passedMs;
    return watch.look();
  };
}

test("a clock that was set by more than an hour is noticed once, either way; corrections are not", () => {
  const after = watched(true);
  expect(after(30_000)).toBeUndefined();
  expect(after(30_000, { setByMs: 2 * HOUR_MS })).toBe(2 * HOUR_MS);
  expect(after(30_000)).toBeUndefined();
  expect(after(30_000, { setByMs: -3 * HOUR_MS })).toBe(-3 * HOUR_MS);
  expect(after(30_000, { setByMs: HOUR_MS - 1000 })).toBeUndefined();
});

test("a machine that slept has not set its clock, whether or not it tells since when it runs", () => {
  for (const knowsSinceBoot of [true, false]) {
    const after = watched(knowsSinceBoot);
    expect(after(9 * HOUR_MS, { asleep: true })).toBeUndefined();
    expect(after(30_000, { setByMs: -2 * HOUR_MS })).toBe(-2 * HOUR_MS);
  }
});
