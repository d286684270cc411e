import { afterAll, expect, test } from "bun:test";
import { mkdirSync, mkdtempSync, readdirSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { systemRandomness } from "../kernel/index.ts";
import { openBodyKeeper } from "./body-keeper.ts";

const home = mkdtempSync(join(tmpdir(), "ownkey-body-keeper-"));
afterAll(() => rmSync(home, { recursive: true, force: true }));

const MIB = 1024 * 1024;

/** The largest body that passes. */
function largest(bodyMemoryMb: number, workers: number): number | undefined {
  const keeper = openBodyKeeper({ home, bodyMemoryMb, workers }, systemRandomness);
  const request = { signal: new AbortController().signal };
  return keeper.begin(request, { "content-length": "100000" })?.share.roomBytes;
}

test("each process has its part, and as much as providers take in one piece", () => {
  expect(largest(512, 1)).toBe(512 * MIB);
  expect(largest(512, 4)).toBe(128 * MIB);
  expect(largest(100, 3)).toBe(33 * MIB);
  expect(largest(512, 64)).toBe(32 * MIB);
});

test("its folder is private and empty: what a killed process left there is taken away", () => {
  const folder = join(home, "spool");
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(folder, { mode: 0o700 });
  writeFileSync(join(folder, `.body-${"0".repeat(32)}.tmp`), "");
  largest(512, 1);
  expect(readdirSync(folder)).toEqual([]);
  expect(statSync(folder).mode & 0o777).toBe(0o700);
});
