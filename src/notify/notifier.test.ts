import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll } from "bun:test";
import { systemClock } from "../kernel/index.ts";
import { openSqliteStore } from "../store/index.ts";
import { notifierContract } from "./notifier-contract.testing.ts";

const folder = mkdtempSync(join(tmpdir(), "ownkey-notify-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));
let databases = 0;

notifierContract("SQLite", () =>
  openSqliteStore({ path: join(folder, `${databases++}.db`), mode: "inline", clock: systemClock }),
);
