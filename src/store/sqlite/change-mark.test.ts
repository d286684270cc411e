import { expect, test } from "bun:test";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { ChangeMark } from "./change-mark.ts";
import { openAccounts, startChild } from "./child.testing.ts";

test("the mark differs after another process's commit, and every time once it cannot be read", async () => {
  const folder = mkdtempSync(join(tmpdir(), "ownkey-store-"));
  const path = join(folder, "control.db");
  await (await openAccounts(path, "inline")).close();
  const mark = await ChangeMark.open(path);
  const before = mark.read();
  expect(mark.read()).toBe(before);
  expect(await startChild("write", path, "inline", 1).exited).toBe(0);
  const after = mark.read();
  expect(after).not.toBe(before);
  mark.close();
  const unreadable = [mark.read(), mark.read()];
  expect(new Set([before, after, ...unreadable]).size).toBe(4);
  rmSync(folder, { recursive: true, force: true });
});
