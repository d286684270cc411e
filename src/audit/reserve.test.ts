import { afterEach, beforeEach, expect, test } from "bun:test";
import { chmodSync, existsSync, mkdirSync, mkdtempSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { AppError } from "../kernel/index.ts";
import { createReserve, RESERVE_SIZE_BYTES, withReserve } from "./reserve.ts";

let folder = "";
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "ownkey-reserve-"));
});
afterEach(() => {
  rmSync(folder, { recursive: true, force: true });
});

test("the reserve takes its whole size on the disk, private to the owner, and gives it back", () => {
  const path = join(folder, "reserve");
  const reserve = createReserve(path);
  expect(reserve.release()).toBe(false);
  expect(reserve.ensure()).toBe(true);
  const { size, blocks, mode } = statSync(path);
  expect(size).toBe(RESERVE_SIZE_BYTES);
  expect(blocks * 512).toBeGreaterThanOrEqual(RESERVE_SIZE_BYTES);
  expect(mode & 0o777).toBe(0o600);
  expect(reserve.ensure()).toBe(true);
  expect(reserve.release()).toBe(true);
  expect(existsSync(path)).toBe(false);
});

test("a reserve that was cut short is made whole", () => {
  const path = join(folder, "reserve");
  writeFileSync(path, "short");
  chmodSync(path, 0o600);
  expect(createReserve(path, 4096).ensure()).toBe(true);
  expect(statSync(path).size).toBe(4096);
});

test("a disk without room is told from a place that cannot be written", () => {
  const path = join(folder, "reserve");
  const full = createReserve(path, 4096, () => {
    throw Object.assign(new Error("no space left on device"), { code: "ENOSPC" });
  });
  expect(full.ensure()).toBe(false);
  expect(existsSync(path)).toBe(false);
  mkdirSync(path);
  expect(() => createReserve(join(folder, "nowhere", "reserve"), 4096).ensure()).toThrow("ENOENT");
});

test("work that meets a full disk is done once more with the reserve released", async () => {
  const reserve = createReserve(join(folder, "reserve"), 4096);
  reserve.ensure();
  const onFullDisk = async () => {
    if (existsSync(join(folder, "reserve"))) throw new AppError("storage_full", "the disk is full");
    return "revoked";
  };
  expect(await withReserve(reserve, onFullDisk)).toBe("revoked");
});

test("without a reserve, or for any other failure, the error passes", async () => {
  const reserve = createReserve(join(folder, "reserve"), 4096);
  const fail = (code: "storage_full" | "conflict") => async () => {
    throw new AppError(code, code);
  };
  const full = withReserve(reserve, fail("storage_full"));
  expect(full).rejects.toThrow("storage_full");
  await full.catch(() => {});
  reserve.ensure();
  const other = withReserve(reserve, fail("conflict"));
  expect(other).rejects.toThrow("conflict");
  await other.catch(() => {});
  expect(reserve.release()).toBe(true);
});
