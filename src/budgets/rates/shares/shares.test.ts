import { afterAll } from "bun:test";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { systemClock } from "../../../kernel/index.ts";
import { openSqliteStore } from "../../../store/index.ts";
import { sharesContract } from "./shares-contract.testing.ts";

const folder = mkdtempSync(join(tmpdir(), "ownkey-rates-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));
let databases = 0;

sharesContract("SQLite", () => {
  const path = join(folder, `${++databases}.db`);
  return Promise.resolve(() => openSqliteStore({ path, mode: "worker", clock: systemClock }));
});
