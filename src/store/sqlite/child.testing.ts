// Another process on the same database, for tests: `bun child.testing.ts ACTION PATH MODE [NUMBER]`.
import { type Subprocess, spawn } from "bun";
import { systemClock } from "../../kernel/index.ts";
import type { Migration } from "../migrations/index.ts";
import type { Store } from "../store.ts";
import { openSqliteStore } from "./store.ts";

/** A balance and the entries it is made of: consistent when the balance is their sum. */
export const ACCOUNT_SCHEMA: readonly Migration[] = [
  {
    version: 1,
    name: "account",
    statements: [
      "CREATE TABLE meta (name TEXT PRIMARY KEY, value TEXT NOT NULL)",
      "CREATE TABLE account (id BIGINT PRIMARY KEY, balance BIGINT NOT NULL)",
      "CREATE TABLE entry (id INTEGER PRIMARY KEY, amount BIGINT NOT NULL, filler BLOB NOT NULL)",
      "INSERT INTO account (id, balance) VALUES (1, 0)",
    ],
  },
];

export type Mode = "inline" | "worker";
export type Action = "open" | "write" | "hold" | "die";

export function openAccounts(path: string, mode: Mode, busyTimeoutMs?: number): Promise<Store> {
  return openSqliteStore({ path, mode, clock: systemClock, busyTimeoutMs, migrations: ACCOUNT_SCHEMA });
}

/** Number of statements in {@link deposit}. */
export const DEPOSIT_STATEMENTS = 3;

/** One transaction of several statements; `afterStatement` is told how many have run. */
export function deposit(store: Store, afterStatement: (count: number) => void = () => {}): Promise<void> {
  const filler = new Uint8Array(10_000);
  return store.tx(async (tx) => {
    afterStatement(0);
    await tx.run("INSERT INTO entry (amount, filler) VALUES (2, ?)", [filler]);
    afterStatement(1);
    await tx.run("UPDATE account SET balance = balance + 3 WHERE id = 1");
    afterStatement(2);
    await tx.run("INSERT INTO entry (amount, filler) VALUES (1, ?)", [filler]);
    afterStatement(3);
  });
}

export function startChild(
  action: Action,
  path: string,
  mode: Mode,
  number = 0,
): Subprocess<"ignore", "pipe", "inherit"> {
  return spawn([process.execPath, import.meta.path, action, path, mode, String(number)], {
    stdin: "ignore",
    stdout: "pipe",
    stderr: "inherit",
  });
}

async function act(action: string, path: string, mode: Mode, number: number): Promise<void> {
  const store = await openAccounts(path, mode, 20_000);
  const say = (text: string) => process.stdout.write(`${text}\n`);
  if (action === "open")
    say(String((await store.get("SELECT value FROM meta WHERE name = 'lineage'"))?.["value"]));
  if (action === "hold") {
    await store.tx(async (tx) => {
      await tx.run("UPDATE account SET balance = 77");
      say("held");
      await new Promise(() => {});
    });
  }
  if (action === "write") {
    for (let count = 1; count <= number; count++) {
      await deposit(store);
      say(String(count));
    }
  }
  if (action === "die") {
    await deposit(store, (count) => {
      if (count === number) process.kill(process.pid, "SIGKILL");
    });
    process.kill(process.pid, "SIGKILL");
  }
  await store.close();
}

if (import.meta.main) {
  const [action = "", path = "", mode = "", number = "0"] = process.argv.slice(2);
  await act(action, path, mode === "worker" ? "worker" : "inline", Number(number));
}
