import { describe, expect, test } from "bun:test";
import {
  answeringProgram,
  claimRunning,
  prepareSocketPath,
  readRunning,
  type Running,
  writeRunning,
} from "../control/index.ts";
import { look, takePlace, untilPlaceIsFree } from "./place.ts";
import { testFolder } from "./program.testing.ts";

function serveAs(home: string): { running: Running; stop: () => Promise<void> } {
  const socket = prepareSocketPath(home, "vault_01j9zk3v5x7a8b9c0d1e2f3g4h", process.getuid?.() ?? 0);
  const server = Bun.serve({ unix: socket, fetch: () => Response.json({ status: "ok" }) });
  const startedAt = "2026-11-23T00:00:00.000Z";
  const running = {
    pid: 1,
    version: "1.0.0",
    home,
    url: "http://a",
    ui: "http://b",
    socket,
    startedAt,
    startMs: 120,
  };
  writeRunning(running);
  return { running, stop: () => server.stop(true) };
}

describe("the place of the one running program", () => {
  test("is given to who comes first; others are told who has it, once that one answers", async () => {
    using folder = testFolder();
    const first = await takePlace(folder.path);
    if (!("lock" in first)) throw new Error("nobody else is here");
    const second = takePlace(folder.path);
    const served = serveAs(folder.path);
    expect(await second).toEqual({ running: served.running });
    await served.stop();
    first.lock.close();
  });

  test("is given on when the holder ends without ever answering", async () => {
    using folder = testFolder();
    const lock = claimRunning(folder.path);
    const waiting = takePlace(folder.path);
    lock?.close();
    const place = await waiting;
    expect(place).toHaveProperty("lock");
    if ("lock" in place) place.lock.close();
  });

  test("what a program wrote that is gone is not believed", async () => {
    using folder = testFolder();
    claimRunning(folder.path)?.close();
    const served = serveAs(folder.path);
    await served.stop();
    expect(readRunning(folder.path)).toEqual(served.running);
    expect(await answeringProgram(folder.path)).toBeUndefined();
    const place = await takePlace(folder.path);
    expect(place).toHaveProperty("lock");
    expect(readRunning(folder.path)).toBeUndefined();
    if ("lock" in place) place.lock.close();
  });
});

test("waiting for the place ends when it is free, or when the time is over", async () => {
  using folder = testFolder();
  const lock = claimRunning(folder.path);
  expect(await untilPlaceIsFree(folder.path, 0)).toBeFalse();
  const waiting = untilPlaceIsFree(folder.path, 10_000);
  lock?.close();
  expect(await waiting).toBeTrue();
  // It has not kept it.
  const again = claimRunning(folder.path);
  expect(again).toBeDefined();
  again?.close();
});

test("looking gives the first thing found, and looks at least once", async () => {
  let looks = 0;
  expect(await look(10_000, () => (++looks === 2 ? "found" : undefined))).toBe("found");
  expect(await look(0, () => "at once")).toBe("at once");
  expect(await look(0, () => undefined)).toBeUndefined();
});
