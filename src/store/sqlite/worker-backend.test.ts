import { expect, test } from "bun:test";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { systemClock } from "../../kernel/index.ts";
import { codeOf } from "../store-contract.testing.ts";
import { SqliteEngine } from "./engine.ts";
import { WorkerBackend } from "./worker-backend.ts";

test("when the thread ends unasked, calls under way and later ones are refused and none hangs", async () => {
  const worker = new Worker("data:text/javascript,onmessage = () => {}");
  const backend = new WorkerBackend(worker);
  const pending = codeOf(backend.all("SELECT 1", []));
  worker.terminate();
  expect(await pending).toBe("store_unavailable");
  expect(await codeOf(backend.begin())).toBe("store_unavailable");
  await backend.close();
});

test("when the thread fails to start, calls are refused with the reason", async () => {
  const backend = new WorkerBackend(new Worker("data:text/javascript,throw new Error('no start')"));
  const error: unknown = await backend.all("SELECT 1", []).catch((thrown: unknown) => thrown);
  expect(error).toMatchObject({ code: "store_unavailable" });
  expect(String(error)).toContain("no start");
  await backend.close();
});

test("reads are answered while a transaction waits for another one's lock", async () => {
  const folder = mkdtempSync(join(tmpdir(), "ownkey-store-"));
  const options = { path: join(folder, "control.db"), clock: systemClock, busyTimeoutMs: 20_000 };
  const [backend, other] = [await WorkerBackend.open(options), await SqliteEngine.open(options)];
  const held = await other.begin();
  let begun = false;
  const waiting = backend.begin().then((session) => {
    begun = true;
    return session;
  });
  expect(await backend.all("SELECT 1 AS one", [])).toEqual([{ one: 1 }]);
  expect(begun).toBe(false);
  await held.commit();
  await (await waiting).commit();
  await Promise.all([backend.close(), other.close()]);
  rmSync(folder, { recursive: true, force: true });
});
