import { expect, test } from "bun:test";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { silentLog, systemClock } from "../kernel/index.ts";
import { openStore } from "./open.ts";
import { codeOf } from "./store-contract.testing.ts";

test("without a database URL the store is the SQLite file; with one it is PostgreSQL, never both", async () => {
  const folder = mkdtempSync(join(tmpdir(), "ownkey-store-"));
  const options = {
    path: join(folder, "control.db"),
    mode: "inline",
    clock: systemClock,
    log: silentLog,
  } as const;
  expect(await codeOf(openStore({ ...options, databaseUrl: "sqlite:x" }))).toBe("invalid_input");
  expect(await Bun.file(options.path).exists()).toBe(false);
  const store = await openStore(options);
  expect(store.engine).toBe("sqlite");
  await store.close();
  rmSync(folder, { recursive: true, force: true });
});
