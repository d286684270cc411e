// The database file itself: private, checked, and clear errors when the disk or the bytes are bad.
import { afterEach, beforeEach, expect, test } from "bun:test";
import { chmodSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { AppError } from "../../kernel/index.ts";
import { codeOf } from "../store-contract.testing.ts";
import { deposit, openAccounts } from "./child.testing.ts";

let folder: string;
let path: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "ownkey-store-"));
  path = join(folder, "control.db");
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

const errorOf = (work: Promise<unknown>): Promise<unknown> =>
  work.then(
    () => undefined,
    (error: unknown) => error,
  );
const modes = ["inline", "worker"] as const;

test.each([...modes])("every file of the database is private whatever the umask is (%s)", async (mode) => {
  const umask = process.umask(0o022);
  const store = await openAccounts(path, mode);
  process.umask(umask);
  await deposit(store);
  const files = readdirSync(folder);
  expect(files.sort()).toEqual(["control.db", "control.db-shm", "control.db-wal"]);
  for (const file of files) expect(statSync(join(folder, file)).mode & 0o777).toBe(0o600);
  await store.close();
});

test.each([...modes])(
  "a file or folder that others can read is refused with the command that mends it (%s)",
  async (mode) => {
    await (await openAccounts(path, mode)).close();
    chmodSync(path, 0o640);
    expect(await errorOf(openAccounts(path, mode))).toMatchObject({
      code: "insecure_permissions",
      hint: `chmod 600 '${path}'`,
    });
    chmodSync(path, 0o600);
    chmodSync(folder, 0o755);
    expect(await errorOf(openAccounts(path, mode))).toMatchObject({
      code: "insecure_permissions",
      hint: `chmod 700 '${folder}'`,
    });
    chmodSync(folder, 0o700);
    await (await openAccounts(path, mode)).close();
  },
);

test.each([...modes])(
  "a full disk is storage_full, loses nothing, and is over once there is room (%s)",
  async (mode) => {
    const store = await openAccounts(path, mode);
    const limitPages = (pages: number) => store.tx((tx) => tx.all(`PRAGMA max_page_count = ${pages}`));
    await deposit(store);
    await limitPages(20);
    expect(
      await codeOf(
        (async () => {
          for (let count = 0; count < 20; count++) await deposit(store);
        })(),
      ),
    ).toBe("storage_full");
    const balance = async () =>
      (await store.get("SELECT (SELECT balance FROM account) - SUM(amount) AS difference FROM entry"))?.[
        "difference"
      ];
    expect(await balance()).toBe(0);
    await limitPages(10_000);
    expect(await codeOf(deposit(store))).toBe("resolved");
    expect(await balance()).toBe(0);
    await store.close();
  },
);

test.each([...modes])(
  "a file that is no database is corrupt, with the way back as the hint (%s)",
  async (mode) => {
    writeFileSync(path, "this is no database, and long enough to be looked at ".repeat(100), { mode: 0o600 });
    const error = await errorOf(openAccounts(path, mode));
    expect(error).toMatchObject({ code: "corrupt" });
    expect((error as AppError).hint).toContain("backup restore");
  },
);

test.each([...modes])("a damaged page is corrupt when it is read, never wrong data (%s)", async (mode) => {
  const first = await openAccounts(path, mode);
  for (let count = 0; count < 5; count++) await deposit(first);
  await first.close();
  const bytes = readFileSync(path);
  bytes.fill(0xa5, 4096);
  writeFileSync(path, bytes);
  expect(
    await codeOf(
      (async () => {
        const store = await openAccounts(path, mode);
        try {
          return await store.all("SELECT SUM(amount) AS total FROM entry");
        } finally {
          await store.close();
        }
      })(),
    ),
  ).toBe("corrupt");
});

test.each([...modes])("a path that cannot be used is store_unavailable (%s)", async (mode) => {
  expect(await codeOf(openAccounts(join(folder, "absent", "control.db"), mode))).toBe("store_unavailable");
});

test.each([...modes])("the safety settings are on for every connection (%s)", async (mode) => {
  const store = await openAccounts(path, mode);
  const wanted = {
    journal_mode: "wal",
    synchronous: 2,
    foreign_keys: 1,
    secure_delete: 1,
    trusted_schema: 0,
    cell_size_check: 1,
  };
  for (const [name, value] of Object.entries(wanted)) {
    expect(await store.tx((tx) => tx.get(`PRAGMA ${name}`))).toEqual({ [name]: value });
  }
  for (const name of ["trusted_schema", "cell_size_check", "query_only"]) {
    expect(await store.get(`PRAGMA ${name}`)).toEqual({ [name]: name === "trusted_schema" ? 0 : 1 });
  }
  await store.close();
});
