/** Budgets as people set and read them: by names, for every subject, for virtual keys in one go. */
import { expect, test } from "bun:test";
import { renameSync, copyFileSync } from "node:fs";
import { join } from "node:path";
import { type Control, createLocalClient } from "../src/control/index.ts";
import * as budgets from "../src/control/operations/budgets.ts";
import * as keys from "../src/control/operations/keys.ts";
import * as tools from "../src/control/operations/tools.ts";
import * as virtualKeys from "../src/control/operations/virtual-keys.ts";
import { AppError } from "../src/kernel/index.ts";
import { newKey } from "./support/keys.ts";
import { openHome } from "./support/open-home.ts";
import { OwnkeyHome } from "./support/ownkey.ts";

async function failureOf(work: Promise<unknown>): Promise<AppError> {
  const failure = await work.then(
    () => undefined,
    (error: unknown) => error,
  );
  if (failure instanceof AppError) return failure;
  throw new Error("no AppError was thrown", { cause: failure });
}

test("a subject is named as people name it, and shown by the name it has now", async () => {
  await using home = await openHome();
  const { client } = home;
  await client.call(virtualKeys.create, { name: "laptop" });
  await client.call(keys.add, { provider: "openai", value: newKey.openai(), baseUrl: "https://one.example" });
  const subjects = ["laptop", "connection:openai", "team:a/b", "model:openai/gpt*", "everything"];
  const names: string[] = [];
  for (const subject of subjects) {
    names.push((await client.call(budgets.set, { subject, amount: "20usd/month" })).name);
  }
  expect(names).toEqual([
    "vk:laptop/month",
    "connection:openai/month",
    "team:a/b/month",
    "model:openai/gpt*/month",
    "everything/month",
  ]);
  await client.call(virtualKeys.set, { ref: "laptop", name: "desk" });
  const { items } = await client.call(budgets.list, {});
  expect(items.map(({ name }) => name)).toContain("vk:desk/month");
  for (const ref of ["desk", "vk:desk", "vk:desk/month", "vk:laptop/month", "team:a/b", "everything"]) {
    expect((await client.call(budgets.show, { ref })).amount).toBe("20usd/month");
  }
  expect(await failureOf(client.call(budgets.set, { subject: "nobody", amount: "1usd/day" }))).toMatchObject({
    code: "not_found",
  });
});

test("a name that was another virtual key's means the one that has it now; the other is found by its id", async () => {
  await using home = await openHome();
  const { client } = home;
  await client.call(virtualKeys.create, { name: "ci", budgets: ["1usd/day"] });
  const before = await client.call(budgets.show, { ref: "ci" });
  await client.call(virtualKeys.revoke, { ref: "ci" });
  expect(await client.call(budgets.show, { ref: "ci/day" })).toEqual(before);
  await client.call(virtualKeys.create, { name: "ci", budgets: ["2usd/day"] });
  expect((await client.call(budgets.show, { ref: "ci/day" })).amount).toBe("2usd/day");
  expect(await client.call(budgets.show, { ref: before.id })).toEqual(before);
});

test("a subject with several budgets needs the period; removing ends the one that is named", async () => {
  await using home = await openHome();
  const { client } = home;
  await client.call(virtualKeys.create, { name: "laptop", budgets: ["20usd/month", "2usd/day"] });
  const ambiguous = await failureOf(client.call(budgets.show, { ref: "vk:laptop" }));
  expect(ambiguous).toMatchObject({ code: "ambiguous_name" });
  expect(ambiguous.hint).toContain("vk:laptop/month");
  await client.call(budgets.remove, { ref: "vk:laptop/month" });
  expect((await client.call(budgets.show, { ref: "vk:laptop" })).name).toBe("vk:laptop/day");
});

test("virtual keys come with their budgets, longest period first, hard, and are shown with what is left", async () => {
  await using home = await openHome();
  const { client } = home;
  const made = await client.call(virtualKeys.create, {
    name: "laptop",
    budgets: ["2usd/day", "20usd/month"],
  });
  expect(made.budgets).toMatchObject([
    { amount: "20usd/month", hard: true, state: "in_force", spentUsd: "0", leftUsd: "20" },
    { amount: "2usd/day", hard: true, state: "in_force", spentUsd: "0", leftUsd: "2" },
  ]);
  await client.call(virtualKeys.create, { name: "free" });
  await client.call(budgets.set, { subject: "laptop", amount: "20usd/month", spent: "$3.20" });
  const changed = await client.call(virtualKeys.set, { ref: "laptop", budgets: ["4usd/day"] });
  expect(changed.budgets.map(({ amount, leftUsd }) => [amount, leftUsd])).toEqual([
    ["20usd/month", "16.8"],
    ["4usd/day", "4"],
  ]);
  const { items } = await client.call(virtualKeys.list, {});
  expect(items.map(({ name, budgets: own }) => [name, own.length])).toEqual([
    ["laptop", 2],
    ["free", 0],
  ]);
});

test("a virtual key whose budget cannot be set is not handed out", async () => {
  await using home = await openHome();
  const { client } = home;
  for (const amounts of [["20usd"], ["1usd/day", "2usd/day"], ["9999999999usd/month"]]) {
    const refused = await failureOf(client.call(virtualKeys.create, { name: "laptop", budgets: amounts }));
    expect(refused.code).toBe("invalid_input");
  }
  const { items } = await client.call(virtualKeys.list, {});
  expect(items.filter(({ state }) => state !== "revoked")).toEqual([]);
});

test("what cannot be a budget says what can", async () => {
  await using home = await openHome();
  const set = (input: object) =>
    failureOf(home.client.call(budgets.set, { subject: "everything", amount: "1usd/day", ...input }));
  for (const wrong of [
    { amount: "1usd" },
    { subject: "planet:mars" },
    { timeZone: "Nowhere" },
    { resetDay: 3 },
    { spent: "all" },
  ]) {
    const refused = await set(wrong).catch((error: unknown) => error);
    // `planet:mars` is read as a virtual key's name, which nobody has.
    expect(refused).toMatchObject({ code: "subject" in wrong ? "not_found" : "invalid_input" });
  }
});

test("a home that was copied says that nobody knows what was spent, and how to go on", async () => {
  const home = new OwnkeyHome();
  try {
    await home.json(["budget", "set", "everything", "20usd/month", "--spent", "3.20usd"]);
    const database = join(home.home, "control.db");
    copyFileSync(database, `${database}.copy`);
    renameSync(`${database}.copy`, database);
    const { stdout } = await home.run(["budget", "show", "everything"]);
    expect(stdout).toContain("spent unknown");
    expect(stdout).toContain("ownkey budget set everything 20usd/month --spent AMOUNT");
    expect(await home.json(["budget", "list"])).toMatchObject({
      items: [{ state: "spent_unknown", spentUsd: null, leftUsd: null }],
    });
    const doctor = await home.run(["doctor"]);
    expect(doctor.stdout).toContain("everything/month 20usd/month");
    expect(await home.json(["budget", "set", "everything", "20usd/month", "--spent", "4usd"])).toMatchObject({
      state: "in_force",
      spentUsd: "4",
      leftUsd: "16",
    });
  } finally {
    await home.remove();
  }
});

test("the running program's gateways are asked for what they spent before it is shown", async () => {
  await using home = await openHome();
  await home.client.call(virtualKeys.create, { name: "ci", budgets: ["1usd/day"] });
  let asked = 0;
  const running = { tellSpent: () => Promise.resolve(void asked++) } as unknown as Control["running"];
  const client = createLocalClient({
    control: { ...home.app.control, running },
    caller: { kind: "cli", user: "ada" },
    unlock: () => Promise.resolve(),
  });
  const looks = [
    () => client.call(budgets.list, {}),
    () => client.call(budgets.show, { ref: "ci" }),
    () => client.call(virtualKeys.show, { ref: "ci" }),
    () => client.call(virtualKeys.list, {}),
  ];
  for (const [index, look] of looks.entries()) {
    await look();
    expect(asked).toBe(index + 1);
  }
});

test("a tool's budget that is no amount for a period is refused before anything is shown or made", async () => {
  await using home = await openHome();
  const { client } = home;
  await client.call(keys.add, { provider: "openai", value: newKey.openai(), baseUrl: "https://one.example" });
  const place = { environment: { HOME: "/nowhere", SHELL: "/bin/bash" }, workingDirectory: "/nowhere" };
  const planned = client.call(tools.plan, { ...place, tool: "shell", budgets: ["5"] });
  expect(await failureOf(planned)).toMatchObject({
    code: "invalid_input",
    message: expect.stringContaining("not an amount"),
  });
});

test("the next page of virtual keys begins behind an id, never behind a name", async () => {
  await using home = await openHome();
  await home.client.call(virtualKeys.create, { name: "laptop" });
  expect(await failureOf(home.client.call(virtualKeys.list, { after: "laptop" }))).toMatchObject({
    code: "invalid_input",
    message: `"after" must be the id of a virtual key: vk_…`,
  });
});
