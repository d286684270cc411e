import { expect, test } from "bun:test";
import { runCommand } from "./cli.testing.ts";

const BUDGET = {
  id: "bud_1",
  name: "vk:laptop/month",
  subject: "vk:laptop",
  amount: "20usd/month",
  hard: true,
  timeZone: "UTC",
  resetDay: 1,
  allow: [],
  state: "in_force",
  spentUsd: "3.2",
  heldUsd: "1",
  leftUsd: "16.8",
  periodBegan: "2026-11-01T00:00:00.000Z",
  resetsAt: "2026-12-01T00:00:00.000Z",
  createdAt: "2026-11-02T00:00:00.000Z",
  setAt: "2026-11-02T00:00:00.000Z",
};

test("options reach the operation; what was not given is not said", async () => {
  const answers = { "budget.set": BUDGET };
  const plain = await runCommand(["budget", "set", "laptop", "20usd/month"], { answers });
  expect(plain.calls).toEqual([{ name: "budget.set", input: { subject: "laptop", amount: "20usd/month" } }]);
  const all = ["--soft", "--time-zone", "Europe/Berlin", "--reset-day", "15", "--allow", "store,background"];
  const full = await runCommand(["budget", "set", "laptop", "20usd/month", ...all, "--spent", "3.20usd"], {
    answers,
  });
  expect(full.calls[0]?.input).toEqual({
    subject: "laptop",
    amount: "20usd/month",
    hard: false,
    timeZone: "Europe/Berlin",
    resetDay: 15,
    allow: ["store", "background"],
    spent: "3.20usd",
  });
  const lifted = await runCommand(["budget", "set", "laptop", "1usd/day", "--hard", "--allow", "none"], {
    answers,
  });
  expect(lifted.calls[0]?.input).toMatchObject({ hard: true, allow: [] });
});

test("people see what is spent, held and left, and when it begins anew", async () => {
  const { stdout } = await runCommand(["budget", "show", "laptop"], { answers: { "budget.show": BUDGET } });
  expect(stdout).toBe(
    [
      "budget     vk:laptop/month",
      "amount     20usd/month, hard",
      "state      in force",
      "spent usd  3.2",
      "held usd   1",
      "left usd   16.8",
      "resets     2026-12-01 00:00 UTC",
      "set        2026-11-02 00:00",
      "id         bud_1",
      "",
    ].join("\n"),
  );
});

test("the list shows states in words; an empty one says how to begin", async () => {
  const forever = { ...BUDGET, subject: "everything", amount: "5usd/lifetime", resetsAt: null, hard: false };
  const unknown = { ...BUDGET, state: "spent_unknown", spentUsd: null, leftUsd: null };
  const items = [forever, unknown, { ...BUDGET, state: "used_up", leftUsd: "0" }];
  const { stdout } = await runCommand(["budget", "list"], { answers: { "budget.list": { items } } });
  const [, first = "", second = "", third = ""] = stdout.split("\n");
  expect(first).toMatch(/everything +5usd\/lifetime +soft .* never +in force/);
  expect(second).toMatch(/unknown +unknown .* spent unknown/);
  expect(third).toMatch(/ 0 +2026-12-01 00:00 +used up/);
  const none = await runCommand(["budget", "list"], { answers: { "budget.list": { items: [] } } });
  expect(none.stdout).toBe("no budgets yet; set one: ownkey budget set vk:NAME 20usd/month\n");
});
