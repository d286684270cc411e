/** Alerts from what happens to whoever is told: thresholds, habits, suspended models; command and webhook for real. */
import { createHmac } from "node:crypto";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "bun:test";
import type { Control } from "../src/control/index.ts";
import * as budgets from "../src/control/operations/budgets.ts";
import * as notify from "../src/control/operations/notify.ts";
import * as virtualKeys from "../src/control/operations/virtual-keys.ts";
import { idMaker, silentLog, systemClock, systemRandomness } from "../src/kernel/index.ts";
import type { LedgerReader, Totals } from "../src/ledger/index.ts";
import { Notifier, type NotifyEvent } from "../src/notify/index.ts";
import { tellOfBudgets } from "../src/program/alerts/budget-alerts.ts";
import { tellOfClock } from "../src/program/alerts/clock-alerts.ts";
import { ClockWatch } from "../src/program/alerts/clock-watch.ts";
import { tellOfHabits } from "../src/program/alerts/habit-alerts.ts";
import { HabitWatch } from "../src/usage/index.ts";
import { Canaries } from "./support/canary.ts";
import { openHome, type OpenHome } from "./support/open-home.ts";
import { OwnkeyHome, until } from "./support/ownkey.ts";

/** The home's control with a channel that keeps what it is told. */
function listening({ app }: OpenHome): { control: Control; told: () => Promise<readonly NotifyEvent[]> } {
  const got: NotifyEvent[] = [];
  const notifier = new Notifier({
    store: app.control.store,
    clock: systemClock,
    log: silentLog,
    newId: idMaker(systemClock, systemRandomness),
    random: () => 0,
    channels: [{ name: "command", deliver: (event) => Promise.resolve(void got.push(event)) }],
  });
  const told = async () => {
    await notifier.deliverDue();
    return got.splice(0);
  };
  return { control: { ...app.control, notifier }, told };
}

test("a budget is told at half, four fifths and all of it, once in each period", async () => {
  await using home = await openHome();
  const { control, told } = listening(home);
  await home.client.call(virtualKeys.create, { name: "laptop" });
  const spend = async (spent: string) => {
    await home.client.call(budgets.set, { subject: "laptop", amount: "20usd/month", spent });
    await tellOfBudgets(control);
    await tellOfBudgets(control);
    return (await told()).map(({ message }) => message.replace(/; it begins anew .*/, ""));
  };
  expect(await spend("9.99usd")).toEqual([]);
  expect(await spend("10usd")).toEqual(["budget vk:laptop/month: 50 % used, 10 of 20 usd"]);
  expect(await spend("12usd")).toEqual([]);
  expect(await spend("17.5usd")).toEqual(["budget vk:laptop/month: 80 % used, 17.5 of 20 usd"]);
  expect(await spend("21usd")).toEqual(["budget vk:laptop/month: 100 % used, 21 of 20 usd"]);
  expect(await spend("1usd")).toEqual([]);
  expect(await spend("21usd")).toEqual([]);
});

test("a budget that is used up at once is told once, also while the vault is locked", async () => {
  await using home = await openHome();
  const { control, told } = listening(home);
  await home.client.call(budgets.set, { subject: "everything", amount: "0usd/day" });
  await home.client.call(budgets.set, { subject: "everything", amount: "1usd/month", spent: "1usd" });
  control.vault.lock("auto");
  await tellOfBudgets(control);
  const events = await told();
  expect(events.map(({ data }) => [data["budget"], data["threshold"]])).toEqual([
    ["everything/day", 100],
    ["everything/month", 100],
  ]);
  expect(events[1]).toMatchObject({
    type: "budget.threshold",
    data: { amount: "1usd/month", hard: true, spentUsd: "1", leftUsd: "0" },
  });
});

test("a model that cost more than was possible is told each time it is suspended", async () => {
  await using home = await openHome();
  const { control, told } = listening(home);
  const suspend = (sinceMs: number) =>
    control.store.run(
      `INSERT INTO budget_suspensions (connection_id, model, since_ms, reserved_nanos, cost_nanos)
       VALUES ('conn_gone', 'gpt-5', ?, 1000000, 2500000)`,
      [sinceMs],
    );
  await suspend(1);
  await tellOfBudgets(control);
  await tellOfBudgets(control);
  expect(await told()).toMatchObject([
    {
      type: "budget.overrun",
      data: { connection: "conn_gone", model: "gpt-5", reservedUsd: "0.001", costUsd: "0.0025" },
    },
  ]);
  await home.client.call(budgets.resume, { model: "gpt-5" });
  await suspend(2);
  await tellOfBudgets(control);
  expect(await told()).toHaveLength(1);
});

test("a virtual key that spends far above its habit is told once a day, by its name", async () => {
  await using home = await openHome();
  const { control, told } = listening(home);
  const { id } = await home.client.call(virtualKeys.create, { name: "laptop" });
  const today = Math.floor(Date.now() / 86_400_000) * 86_400_000;
  const ledgers: Pick<LedgerReader, "totals"> = {
    async *totals({ sinceMs }) {
      await Promise.resolve();
      yield { key: id, costNanos: sinceMs >= today ? 12_500_000_000n : 2_000_000_000n } as Totals;
    },
  };
  for (let looks = 0; looks < 2; looks++) await tellOfHabits(control, new HabitWatch(ledgers));
  expect(await told()).toMatchObject([
    {
      type: "virtual_key.unusual_spend",
      message: "virtual key laptop has spent 12.5 usd today; 2 usd a day is usual",
      data: { virtualKey: "laptop", todayUsd: "12.5", usualUsd: "2", usualOfDays: 14 },
    },
  ]);
});

test("a clock that was set is told in words", async () => {
  await using home = await openHome();
  const { control, told } = listening(home);
  const times = { wall: Date.now(), boot: 0 };
  const watch = new ClockWatch({ nowMs: () => times.wall, monotonicMs: () => 0 }, () => times.boot);
  await tellOfClock(control, watch);
  times.wall -= 7_200_000;
  await tellOfClock(control, watch);
  expect(await told()).toMatchObject([{ type: "clock.jumped", data: { way: "back", minutes: 120 } }]);
});

test("channels that the settings name since the start are told apart from those in force", async () => {
  await using home = await openHome();
  const { settings } = home.app.control;
  const status = async () => await home.client.call(notify.status, {});
  expect(await status()).toMatchObject({ channels: [], fromNextStart: null });
  settings.set("notifyWebhook", "https://alerts.example/in");
  expect(await status()).toMatchObject({ channels: [], fromNextStart: ["webhook"] });
  settings.set("notifyCommand", "/usr/local/bin/tell-me,--urgent");
  expect(await status()).toMatchObject({ channels: [], fromNextStart: ["command", "webhook"] });
});

test("the running program tells a command and a signed webhook, follows no redirect, and shows no secret", async () => {
  const canaries = new Canaries();
  const received: { headers: Headers; body: string }[] = [];
  let elsewhere = 0;
  let status = 200;
  const receiver = Bun.serve({
    port: 0,
    hostname: "127.0.0.1",
    async fetch(request) {
      if (new URL(request.url).pathname === "/elsewhere") elsewhere += 1;
      received.push({ headers: request.headers, body: await request.text() });
      return new Response(null, { status, headers: { location: "/elsewhere" } });
    },
  });
  const home = new OwnkeyHome();
  try {
    const out = join(home.folder, "told.jsonl");
    const script = join(home.folder, "tell.sh");
    writeFileSync(script, `#!/bin/sh\ncat >> "$1"\n`, { mode: 0o755 });
    await home.run(["config", "set", "notifyCommand", `${script},${out}`]);
    await home.run(["config", "set", "notifyWebhook", `http://127.0.0.1:${receiver.port}/in`]);
    const up = await home.up();
    expect(await home.json(["notify", "status"])).toMatchObject({
      channels: ["command", "webhook"],
      fromNextStart: null,
    });

    const unsigned = await home.run(["notify", "test"]);
    expect({ code: unsigned.code, received: received.length }).toEqual({ code: 1, received: 0 });
    expect(unsigned.stdout).toContain("ownkey notify secret new");
    const shown = await home.run(["notify", "secret", "new", "--json"]);
    const { secret } = JSON.parse(shown.stdout) as { secret: string };
    canaries.watch("the signing secret", secret);
    home.printed[home.printed.indexOf(shown.stdout)] = "";
    expect((await home.run(["notify", "test"])).code).toBe(0);
    status = 307;
    const redirected = await home.run(["notify", "test"]);
    expect(redirected.stdout).toContain("redirects are not followed");
    expect(elsewhere).toBe(0);
    status = 200;

    await home.run(["budget", "set", "everything", "20usd/month", "--spent", "16usd"]);
    await until(() => received.some(({ body }) => body.includes("budget.threshold")), "the webhook", 30_000);
    await until(() => readFileSync(out, "utf8").includes("budget.threshold"), "the command");
    const { headers, body } = received.at(-1) ?? { headers: new Headers(), body: "" };
    const content = `${headers.get("webhook-id")}.${headers.get("webhook-timestamp")}.${body}`;
    const key = Buffer.from(secret.slice("whsec_".length), "base64");
    expect(headers.get("webhook-signature")).toBe(
      `v1,${createHmac("sha256", key).update(content).digest("base64")}`,
    );
    expect(JSON.parse(body)).toMatchObject({
      id: headers.get("webhook-id"),
      data: { budget: "everything/month", threshold: 80, leftUsd: "4" },
    });
    const list = await home.run(["notify", "list"]);
    expect(list.stdout).toContain("budget everything/month: 80 % used, 16 of 20 usd");
    expect(await home.json(["notify", "status"])).toMatchObject({
      channels: ["command", "webhook"],
      secret: true,
    });
    expect([
      ...canaries.in("what was printed", home.printed.join("\n") + up.stderr()),
      ...canaries.inFolder(home.folder),
    ]).toEqual([]);
  } finally {
    await receiver.stop(true);
    await home.remove();
  }
}, 60_000);
