// How long reports take: over a million requests as rows, over the same once their daily sums are kept beside them, and
// with a hundred million more of which only the sums are left. One plain scan of the rows is the baseline. Also what
// rolling up costs, and what the ledger's writer notices of it. `--rows 1000000 --times 3`
import { Database } from "bun:sqlite";
import { mkdtempSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { silentLog, systemClock, UNKNOWN_USAGE } from "../src/kernel/index.ts";
import { GROUP_BYS, openLedger, openLedgerReader, rollUpOwn } from "../src/ledger/index.ts";
import { usageReport } from "../src/usage/index.ts";
import { mebi, median, percentile, table } from "./support/numbers.ts";
import { numberOption } from "./support/options.ts";
import { reservedAttempt, settledAttempt } from "../src/ledger/samples.testing.ts";

const rows = numberOption("--rows", 1_000_000);
const times = numberOption("--times", 3);
const DAY_MS = 86_400_000;
/** Sums as 500 virtual keys with two models each leave them in a year: one for each day and pair. */
const GROUPS = 1000;
const DAYS = 365;
const REQUESTS_OF_SUMS = 100_000_000;

const keep = { nowMs: Date.now(), days: 90, rows: 1_000_000, dropPaid: true };
const folder = mkdtempSync(join(tmpdir(), "ownkey-bench-ledger-"));
const path = join(folder, "node-1.db");
const firstMs = Math.floor(Date.now() / DAY_MS) * DAY_MS - 80 * DAY_MS;
try {
  await openLedger({ path, clock: systemClock, log: silentLog }).close();
  fillRows(rows);
  // Behind the rows that are there: numbers are given from its start on.
  const ledger = openLedger({ path, clock: systemClock, log: silentLog });
  console.log(`${rows.toLocaleString("en")} rows over 80 days: ${mebi(statSync(path).size)}`);
  const baselineMs = median(await repeat(scan));
  const lines = [["", "ms", "/ plain scan"]];
  const add = (what: string, ms: number) => lines.push([what, ms.toFixed(0), (ms / baselineMs).toFixed(2)]);
  add("one plain scan of the rows", baselineMs);
  for (const by of GROUP_BYS) add(`usage --by ${by}, rows only`, median(await repeat(() => report(by))));

  const writing = writeMeanwhile(ledger);
  const startedMs = performance.now();
  await rollUpOwn("node-1", { dir: folder, keep, signal: new AbortController().signal });
  const rolledUpMs = performance.now() - startedMs;
  const delays = await writing.stop();
  add("rolling up all rows once", rolledUpMs);
  for (const by of GROUP_BYS) add(`usage --by ${by}, with sums`, median(await repeat(() => report(by))));

  fillSums();
  const more = `${(REQUESTS_OF_SUMS / 1e6).toFixed(0)} M more as sums`;
  for (const by of GROUP_BYS) add(`usage --by ${by}, ${more}`, median(await repeat(() => report(by))));
  add("requests list, 50 rows", median(await repeat(list)));
  console.log(table(lines));
  console.log(`the file then: ${mebi(statSync(path).size)}`);
  console.log(
    `a request's two commits while it was rolled up (${delays.length}): ` +
      `p50 ${median(delays).toFixed(2)} ms, p99 ${percentile(delays, 99).toFixed(2)} ms, ` +
      `longest ${Math.max(...delays).toFixed(1)} ms`,
  );
  await ledger.close();
} finally {
  rmSync(folder, { recursive: true, force: true });
}

async function repeat(work: () => unknown): Promise<number[]> {
  const taken: number[] = [];
  for (let round = 0; round < times; round++) {
    const startedMs = performance.now();
    await work();
    taken.push(performance.now() - startedMs);
  }
  return taken;
}

function scan(): void {
  using database = new Database(path, { readonly: true });
  database.query("SELECT count(*), sum(cost_nanos), sum(output) FROM attempt_rows").all();
}

async function report(by: (typeof GROUP_BYS)[number]): Promise<void> {
  const ledgers = openLedgerReader(folder);
  const names = { virtualKey: String, connection: String, providerKey: String };
  await usageReport({ ledgers, names, by, sinceMs: null, untilMs: null });
  ledgers.close();
}

function list(): void {
  const ledgers = openLedgerReader(folder);
  ledgers.list({ limit: 50 });
  ledgers.close();
}

/** One request after another, as a gateway at rest has them. */
function writeMeanwhile(ledger: ReturnType<typeof openLedger>) {
  const over = new AbortController();
  const delays: number[] = [];
  const ended = (async () => {
    for (let number = 0; !over.signal.aborted; number++) {
      const startedMs = performance.now();
      const ref = await ledger.reserve(
        reservedAttempt({
          requestId: `req_meanwhile_${number}`,
          startedAtMs: Date.now(),
          modelRequested: "model-1",
        }),
      );
      await ledger.settle(
        ref,
        settledAttempt({
          endedAtMs: Date.now(),
          usage: { ...UNKNOWN_USAGE, inputUncached: 1, output: 1 },
          modelAnswered: "model-1",
        }),
      );
      delays.push(performance.now() - startedMs);
      await Bun.sleep(2);
    }
  })();
  return {
    async stop() {
      over.abort();
      await ended;
      return delays;
    },
  };
}

function fillRows(count: number): void {
  using database = new Database(path, { readwrite: true });
  database.transaction(() => {
    const context = database.query(
      `INSERT INTO contexts (id, virtual_key_id, connection_id, provider_key_id, tool, user, team, project, provider,
        dialect, route, stream, model_requested, price_version)
       VALUES (?, ?, 'conn_1', 'key_1', ?, ?, ?, NULL, 'openai', 'openai', '/v1/chat/completions', 1, ?, 'p')`,
    );
    for (let id = 1; id <= 500; id++) {
      context.run(
        id,
        `vk_${id % 100}`,
        id % 3 === 0 ? null : "codex",
        `user${id % 20}`,
        `team${id % 5}`,
        model(id),
      );
    }
    const outcome = database.query(
      `INSERT INTO outcomes (id, end, status, verdict, usage_known, usage_clamped, model_answered, estimated)
       VALUES (?, 'complete', 200, 'ok', 1, 0, ?, 0)`,
    );
    for (let id = 1; id <= 7; id++) outcome.run(id, model(id));
    const row = database.query(
      `INSERT INTO attempt_rows (id, context, outcome, request_id, attempt, started_at, bytes_in, body_hash,
        reserved_nanos, ended_at, input_uncached, cache_read, output, cost_nanos, bytes_out, first_byte_ms, duration_ms)
       VALUES (?, ?, ?, ?, 1, ?, 1000, zeroblob(16), 1000000, ?, 1000, 100, 300, 123456, 2000, 100, 500)`,
    );
    const everyMs = (80 * DAY_MS) / count;
    for (let id = 1; id <= count; id++) {
      const at = Math.trunc(firstMs + id * everyMs);
      row.run(id, 1 + (id % 500), 1 + (id % 7), `req_${String(id).padStart(26, "0")}`, at, at + 500);
    }
  })();
}

function model(id: number): string {
  return `model-${id % 7}`;
}

function fillSums(): void {
  using database = new Database(path, { readwrite: true });
  database.transaction(() => {
    const group = database.query(
      `INSERT INTO sum_groups (id, name, virtual_key_id, connection_id, provider_key_id, tool, user, team, project, model)
       VALUES (?, ?, ?, 'conn_1', 'key_1', 'codex', ?, ?, NULL, ?)`,
    );
    const from = 1_000_000;
    for (let id = from; id < from + GROUPS; id++) {
      group.run(id, `bench ${id}`, `vk_${id >> 1}`, `user${id % 200}`, `team${id % 20}`, model(id & 1));
    }
    const each = REQUESTS_OF_SUMS / GROUPS / DAYS;
    const add = database.query(
      `INSERT INTO daily_sums VALUES (?1, ?2, ?3, ?3, ?3 * 1000, 0, ?3 * 300, 0, ?3 * 123456, 0, 0)`,
    );
    const lastDay = Math.floor(firstMs / DAY_MS);
    for (let day = lastDay - DAYS; day < lastDay; day++) {
      for (let id = from; id < from + GROUPS; id++) add.run(day, id, Math.round(each));
    }
    database.run(
      `INSERT INTO monthly_sums SELECT unixepoch(day * 86400, 'unixepoch', 'start of month') / 86400 AS month, group_id,
         sum(requests), sum(attempts), sum(input), sum(cached), sum(output), sum(cost_dollars), sum(cost_rest),
         sum(unpriced), sum(estimated)
       FROM daily_sums WHERE group_id >= ${from} GROUP BY 1, 2`,
    );
  })();
}
