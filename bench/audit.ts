// One million audit entries: how fast they are appended and verified, and that memory stays flat while verifying.
// Ratios are against hashing the same bytes and nothing else, measured in the same run. `--entries N` for another size.
import { createHash } from "node:crypto";
import { mkdtempSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createAuditLog, proveInclusion, verify } from "../src/audit/index.ts";
import { systemClock } from "../src/kernel/index.ts";
import { openSqliteStore, type Store } from "../src/store/index.ts";
import { numberOption } from "./support/options.ts";

const total = numberOption("--entries", 1_000_000);
const TRANSACTION_SIZE = 50_000;
const SINGLE_APPENDS = 1_000;

const folder = mkdtempSync(join(tmpdir(), "ownkey-bench-audit-"));
const path = join(folder, "control.db");
const store = await openSqliteStore({ path, mode: "inline", clock: systemClock });
try {
  await run(store);
} finally {
  await store.close();
  rmSync(folder, { recursive: true, force: true });
}

async function run(store: Store): Promise<void> {
  const log = createAuditLog({ clock: systemClock });

  const appendMs = await timed(async () => {
    for (let from = 0; from < total; from += TRANSACTION_SIZE) {
      const count = Math.min(TRANSACTION_SIZE, total - from);
      await store.tx(async (tx) => await log.appendAll(log.begin(tx), events(from, count)));
    }
  });
  print("append, many per transaction", total, appendMs);

  const singleMs = await timed(async () => {
    for (const event of events(total, SINGLE_APPENDS)) {
      await store.tx(async (tx) => await log.append(log.begin(tx), event));
    }
  });
  print("append, one per transaction (durable commit)", SINGLE_APPENDS, singleMs);

  const proofMs = await timed(async () => {
    for (let i = 0; i < 1_000; i++) await proveInclusion(store, (i * 997) % total, total);
  });
  print("inclusion proof", 1_000, proofMs);

  const entries = total + SINGLE_APPENDS;
  const hashMs = await timed(async () => hashAlone(entries));
  print("baseline: hash that many bodies and nodes", entries, hashMs);

  Bun.gc(true);
  const residentBefore = process.memoryUsage.rss();
  let residentMost = residentBefore;
  let ok = false;
  const verifyMs = await timed(async () => {
    const onProgress = () => {
      residentMost = Math.max(residentMost, process.memoryUsage.rss());
    };
    ({ ok } = await verify(store, { vaultId: "vault_bench", onProgress }));
  });
  print("verify", entries, verifyMs);
  console.log(`verified: ${ok}; ${(verifyMs / hashMs).toFixed(1)} times the baseline`);
  console.log(`memory while verifying: ${mebi(residentBefore)} before, ${mebi(residentMost)} at most`);
  console.log(
    `database: ${mebi(statSync(path).size)}, ${Math.round(statSync(path).size / entries)} bytes per entry`,
  );
  if (!ok) process.exitCode = 1;
}

function* events(from: number, count: number) {
  for (let number = from; number < from + count; number++) {
    yield {
      caller: "cli:ada",
      action: "key.lend",
      subject: `key_${number % 100}`,
      outcome: "ok" as const,
      details: { node: "node_1", number },
    };
  }
}

function hashAlone(count: number): void {
  const body = Buffer.alloc(160, 1);
  const node = Buffer.alloc(65, 1);
  for (let i = 0; i < count; i++) {
    createHash("sha256").update(body).digest();
    createHash("sha256").update(node).digest();
  }
}

async function timed(work: () => Promise<void>): Promise<number> {
  const start = performance.now();
  await work();
  return performance.now() - start;
}

function print(what: string, count: number, durationMs: number): void {
  const perSecond = Math.round((count / durationMs) * 1000).toLocaleString("en");
  console.log(
    `${what}: ${count.toLocaleString("en")} in ${(durationMs / 1000).toFixed(1)} s, ${perSecond}/s`,
  );
}

function mebi(sizeBytes: number): string {
  return `${Math.round(sizeBytes / 1024 / 1024)} MiB`;
}
