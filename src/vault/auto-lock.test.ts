import { expect, test } from "bun:test";
import { AutoLock } from "./auto-lock.ts";

function fixture(afterMs: number) {
  const clock = {
    wallMs: 1_000_000,
    steadyMs: 0,
    nowMs: () => clock.wallMs,
    monotonicMs: () => clock.steadyMs,
  };
  let locked = 0;
  const autoLock = new AutoLock({ afterMs, clock, onLock: () => void (locked += 1) });
  return { clock, autoLock, locked: () => locked };
}

test("locks once, after the time without management and not before", async () => {
  const { clock, autoLock, locked } = fixture(60_000);
  autoLock.check();
  autoLock.touch();
  clock.wallMs += 59_999;
  clock.steadyMs += 59_999;
  autoLock.check();
  expect(locked()).toBe(0);
  clock.steadyMs += 1;
  autoLock.check();
  autoLock.check();
  expect(locked()).toBe(1);
  await autoLock.close();
});

test("each use of management starts the time anew", async () => {
  const { clock, autoLock, locked } = fixture(60_000);
  for (let i = 0; i < 5; i++) {
    autoLock.touch();
    clock.steadyMs += 50_000;
    autoLock.check();
  }
  expect(locked()).toBe(0);
  await autoLock.close();
});

test("time asleep counts, and a clock set back gains nothing", async () => {
  const asleep = fixture(60_000);
  asleep.autoLock.touch();
  asleep.clock.wallMs += 3_600_000;
  asleep.autoLock.check();
  expect(asleep.locked()).toBe(1);
  const setBack = fixture(60_000);
  setBack.autoLock.touch();
  setBack.clock.wallMs -= 3_600_000;
  setBack.clock.steadyMs += 60_000;
  setBack.autoLock.check();
  expect(setBack.locked()).toBe(1);
  await asleep.autoLock.close();
  await setBack.autoLock.close();
});

test("0 means never", async () => {
  const { clock, autoLock, locked } = fixture(0);
  autoLock.touch();
  clock.steadyMs += 1e12;
  autoLock.check();
  expect(locked()).toBe(0);
  await autoLock.close();
});
