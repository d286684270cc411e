import { afterEach, beforeEach, expect, test } from "bun:test";
import type { Database } from "bun:sqlite";
import { join } from "node:path";
import { silentLog } from "../kernel/index.ts";
import { type Batch, createBatch } from "./batch.ts";
import { openForWriting } from "./database.ts";
import { reservedAttempt, settledAttempt, temporaryFolder } from "./ledger.testing.ts";

let database: Database;
let batch: Batch;
/** Rows of each commit. */
let commits: number[];
let lastRef: number;

beforeEach(() => {
  const path = join(temporaryFolder(), "node-1.db");
  database = openForWriting(path, "normal");
  commits = [];
  lastRef = 0;
  batch = createBatch({ database, path, log: silentLog, onWritten: (rows) => void commits.push(rows) });
});

afterEach(() => {
  batch.close();
  database.close();
});

const turn = () => new Promise((resolve) => setImmediate(resolve));

function reserve(): Promise<number> {
  const ref = ++lastRef;
  return batch.reserve(ref, reservedAttempt({ requestId: `req_${ref}` }));
}

test("a row alone waits for no other", async () => {
  const ref = await reserve();
  await batch.settle(ref, settledAttempt());
  expect(commits).toEqual([1, 1]);
});

test("rows that come turn after turn share a commit, until a turn brings none", async () => {
  // Not when this process is held up for too long between two of them.
  while (!commits.some((rows) => rows > 2)) {
    const written: Promise<number>[] = [];
    for (let more = 0; more < 4; more++) {
      written.push(reserve(), reserve());
      await turn();
    }
    await Promise.all(written);
  }
  // What came in one turn is never apart.
  expect(commits.every((rows) => rows % 2 === 0)).toBe(true);
});

test("rows that never stop coming are written all the same, and not too many at once", async () => {
  const written: Promise<number>[] = [];
  while (commits.length < 5) {
    for (let more = 0; more < 10; more++) written.push(reserve());
    await turn();
  }
  await Promise.all(written);
  expect(Math.max(...commits)).toBeLessThan(150);
});

test("closing writes what still waits for more", async () => {
  const first = [reserve(), reserve()];
  await turn();
  const written = Promise.all([...first, reserve()]);
  batch.close();
  expect(await written).toEqual([1, 2, 3]);
  expect(commits.reduce((sum, rows) => sum + rows, 0)).toBe(3);
});
