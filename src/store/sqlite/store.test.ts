import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { systemClock } from "../../kernel/index.ts";
import { storeContract, type StoreTarget } from "../store-contract.testing.ts";
import { openSqliteStore } from "./store.ts";

async function target(mode: "inline" | "worker"): Promise<StoreTarget> {
  const folder = mkdtempSync(join(tmpdir(), "ownkey-store-"));
  let databases = 0;
  return {
    newDatabase: async () => join(folder, `${++databases}.db`),
    open: (path, migrations) => openSqliteStore({ path, mode, clock: systemClock, migrations }),
    close: async () => rmSync(folder, { recursive: true, force: true }),
  };
}

storeContract("SQLite on the calling thread", () => target("inline"));
storeContract("SQLite in its own thread", () => target("worker"));
