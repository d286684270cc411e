import { Database } from "bun:sqlite";
import { expect, test } from "bun:test";
import { join } from "node:path";
import { silentLog } from "../kernel/index.ts";
import { claimInstance } from "./instances.ts";
import { fixedClock, temporaryFolder } from "./ledger.testing.ts";
import { openLedger } from "./open.ts";
import { openLedgerReader } from "./reader.ts";

/** Runs the load until it has told that many lines, kills it, and gives all that it had told. */
async function linesUntilKilled(dir: string, round: number, lines: number): Promise<string[]> {
  const child = Bun.spawn(
    [process.execPath, join(import.meta.dir, "load-child.testing.ts"), dir, `${round}`],
    {
      stdout: "pipe",
      stderr: "inherit",
    },
  );
  let text = "";
  const decoder = new TextDecoder();
  for await (const chunk of child.stdout) {
    text += decoder.decode(chunk, { stream: true });
    if (text.split("\n").length > lines) child.kill("SIGKILL");
  }
  await child.exited;
  return text.split("\n").slice(0, -1);
}

test("kill -9 under load: what was promised is there, nothing stays reserved, nothing is there twice", async () => {
  const dir = join(temporaryFolder(), "ledger");
  const told: string[] = [];
  for (const [round, lines] of [3, 41, 200, 777].entries()) {
    told.push(...(await linesUntilKilled(dir, round, lines)));
  }
  const claim = claimInstance(dir);
  expect(claim.instance).toBe("node-1");
  const ledger = openLedger({ path: claim.path, clock: fixedClock, log: silentLog });
  const reader = openLedgerReader(dir);
  const rows = reader.list({ limit: 1_000_000 });
  const byId = new Map(rows.map((row) => [row.requestId, row.settled]));

  expect(byId.size).toBe(rows.length);
  for (const settled of byId.values()) {
    const crashed = settled?.end === "crash";
    expect(settled).toMatchObject({ costNanos: crashed ? 1000n : 7n, estimated: crashed });
  }
  for (const line of told) {
    const [kind, id = ""] = line.split(" ");
    expect(byId.has(id)).toBe(true);
    if (kind === "s") expect(byId.get(id)?.end).toBe("complete");
  }
  reader.close();
  await ledger.close();
  claim.close();

  const raw = new Database(claim.path, { readonly: true });
  expect(raw.query("PRAGMA integrity_check").get()).toEqual({ integrity_check: "ok" });
  raw.close();
}, 30_000);

test("two gateways on one folder write ledgers of their own; a reader sees both while they run", async () => {
  const dir = join(temporaryFolder(), "ledger");
  const [first, second] = await Promise.all([linesUntilKilled(dir, 1, 500), linesUntilKilled(dir, 2, 500)]);
  const reader = openLedgerReader(dir);
  const ids = new Set(reader.list({ limit: 1_000_000 }).map((row) => row.requestId));
  for (const line of [...first, ...second]) expect(ids.has(line.slice(2))).toBe(true);
  reader.close();
}, 30_000);
