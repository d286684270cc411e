import { expect, test } from "bun:test";
import { AppError } from "../kernel/index.ts";
import { type Check, type CheckResult, ok } from "./check.ts";
import { runCheck, runChecks } from "./run-checks.ts";

const check = (id: string, run: Check["run"], more: Partial<Check> = {}): Check => ({
  id,
  title: id,
  group: "machine",
  run,
  ...more,
});

test("all run at once, and one that hangs or throws leaves the others alone", async () => {
  const seen: string[] = [];
  const outcomes = await runChecks(
    [
      check("machine.hangs", () => new Promise<CheckResult>(() => {}), { limitMs: 10 }),
      check("machine.throws", () => {
        throw new AppError("corrupt", "the row is damaged", { hint: "restore a backup" });
      }),
      check("machine.rejects", () => Promise.reject(new Error("inner words"))),
      check("machine.fine", () => ok("all is well")),
    ],
    { fix: false, onOutcome: ({ id }) => seen.push(id) },
  );
  expect(outcomes.map(({ id, status }) => `${id} ${status}`)).toEqual([
    "machine.hangs fail",
    "machine.throws fail",
    "machine.rejects fail",
    "machine.fine ok",
  ]);
  expect(seen).toHaveLength(4);
  expect(outcomes[1]).toMatchObject({ next: "restore a backup" });
  expect(JSON.stringify(outcomes)).not.toContain("inner words");
});

test("nothing is mended unless it is asked for; then it is looked at again", async () => {
  let broken = true;
  const mended = check("machine.broken", () =>
    broken
      ? { status: "fail", what: "broken", fix: { what: "mends it", apply: () => void (broken = false) } }
      : ok("whole"),
  );
  expect(await runCheck(mended, { fix: false })).toMatchObject({ status: "fail", fixable: "mends it" });
  expect(broken).toBe(true);
  const outcome = await runCheck(mended, { fix: true });
  expect(outcome).toMatchObject({ status: "ok", what: "whole", fixed: "mends it" });
  expect(outcome.fixable).toBeUndefined();
});

test("a fix that fails says why, and the failure stays", async () => {
  const stubborn = check("machine.stubborn", () => ({
    status: "fail",
    what: "broken",
    fix: { what: "mends it", apply: () => Promise.reject(Object.assign(new Error("x"), { code: "EACCES" })) },
  }));
  const outcome = await runCheck(stubborn, { fix: true });
  expect(outcome).toMatchObject({ status: "fail", why: expect.stringContaining("EACCES") });
  expect(outcome.fixed).toBeUndefined();
});

test("a key in what a check was told by others is masked", async () => {
  const key = `sk-proj-${"Ab1".repeat(20)}`;
  const leaky = check("machine.leaky", () => ({
    status: "fail",
    what: key,
    why: key,
    next: key,
    checklist: [{ text: key, state: "open" }],
  }));
  expect(JSON.stringify(await runCheck(leaky, { fix: false }))).not.toContain(key.slice(8, 30));
});
