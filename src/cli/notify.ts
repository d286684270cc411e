import { type Command, InvalidArgumentError } from "commander";
import * as notify from "../control/operations/notify.ts";
import { AppError } from "../kernel/index.ts";
import type { CommonOptions } from "./context.ts";
import { example, given, wholeNumber } from "./options.ts";
import { fields, paint, print, shortTime, table } from "./output.ts";
import type { Register } from "./register.ts";
import { readSecret, secretOptions, type SecretSourceOptions } from "./secret-source.ts";

interface GraceOptions extends CommonOptions {
  graceHours?: number;
}

export const registerNotify: Register = (program, context) => {
  const group = program
    .command("notify")
    .description("alerts: budgets nearly used up, unusual use; to the log, a command and a signed webhook");

  group
    .command("list")
    .description("alerts told lately and how they arrived, newest first")
    .option("--limit <number>", "at most so many (default: 50)", wholeNumber)
    .addHelpText("after", example("ownkey notify list --limit 10"))
    .action(async (options: CommonOptions & { limit?: number }) => {
      const list = await context.client.call(notify.list, given({ limit: options.limit }));
      print(context, options, list, () =>
        table(
          list.items,
          [
            { title: "time", of: ({ at }) => shortTime(at) },
            { title: "message", of: ({ message }) => message },
            { title: "arrived", of: ({ deliveries }) => deliveries.map(deliveryText).join("; ") || "log" },
          ],
          "nothing was to be told yet; try it out: ownkey notify test",
        ),
      );
    });

  group
    .command("status")
    .description("where alerts go, and how many wait")
    .addHelpText("after", example("ownkey notify status"))
    .action(async (options: CommonOptions) => {
      const status = await context.client.call(notify.status, {});
      print(context, options, status, () =>
        fields([
          ["told", toldText(status.channels)],
          ["from the next start", status.fromNextStart && toldText(status.fromNextStart)],
          ["waiting", status.waiting],
          ["signing secret", status.secret ? "there is one" : "none yet: ownkey notify secret new"],
          ["next", status.fromNextStart && RESTART],
        ]),
      );
    });

  group
    .command("test")
    .description("tell every channel now that this is a test")
    .addHelpText("after", example("ownkey notify test"))
    .action(async (options: CommonOptions) => {
      const { items } = await context.client.call(notify.test, {});
      const { fromNextStart } = await context.client.call(notify.status, {});
      const next = fromNextStart
        ? `settings have changed since the start: ${RESTART}`
        : items.length === 0 && "ownkey config set notifyCommand PROGRAM,ARGUMENT, or notifyWebhook URL";
      print(context, options, { items }, () =>
        [
          `${paint(context, "green", "told")}     log`,
          ...items.map(({ channel, problem, hint }) =>
            problem === null
              ? `${paint(context, "green", "told")}     ${channel}`
              : `${paint(context, "red", "not told")} ${channel}: ${problem}${hint === null ? "" : `\n         ${hint}`}`,
          ),
          ...(next ? [`next: ${next}`] : []),
        ].join("\n"),
      );
      const failed = items.filter(({ problem }) => problem !== null).length;
      if (failed > 0)
        throw new AppError("conflict", `${failed} of ${items.length} channels did not take the test`);
    });

  const secret = group
    .command("secret")
    .description("what webhooks are signed with, as Standard Webhooks has it");

  graceOption(secret.command("new"))
    .description("make a new one; it is shown once, for the receiver")
    .addHelpText("after", example("ownkey notify secret new"))
    .action(async (options: GraceOptions) => {
      const made = await context.client.call(notify.newSecret, graceOf(options));
      print(context, options, made, () =>
        [made.secret, "", "It is shown this once. Put it where the receiver checks signatures."].join("\n"),
      );
    });

  secretOptions(graceOption(secret.command("set")))
    .description("use the one that the receiver gave (whsec_…)")
    .addHelpText("after", example("ownkey notify secret set --from-env WEBHOOK_SECRET"))
    .action(async (options: GraceOptions & SecretSourceOptions) => {
      const wanted = { what: "signing secret", variables: [], optional: false };
      const value = await readSecret(context, options, wanted);
      const done = await context.client.call(notify.setSecret, { secret: value, ...graceOf(options) });
      print(context, options, done, () => "webhooks are signed with it from now on");
    });

  secret
    .command("remove")
    .description("forget it; no webhook is sent without one")
    .addHelpText("after", example("ownkey notify secret remove"))
    .action(async (options: CommonOptions) => {
      const done = await context.client.call(notify.removeSecret, {});
      print(context, options, done, () => (done.removed ? "removed" : "there was none"));
    });
};

const RESTART = "ownkey down; ownkey up --detach";

function toldText(channels: readonly string[]): string {
  return ["log", ...channels].join(", ");
}

function graceOption(command: Command): Command {
  return command.option(
    "--grace-hours <number>",
    "how long the former one signs as well, at most 720 (default: 24)",
    graceHours,
  );
}

function graceHours(text: string): number {
  const hours = wholeNumber(text);
  if (hours > 720) throw new InvalidArgumentError("a whole number up to 720");
  return hours;
}

function graceOf({ graceHours }: GraceOptions): { graceSeconds?: number } {
  return graceHours === undefined ? {} : { graceSeconds: graceHours * 3600 };
}

type DeliveryView = Awaited<ReturnType<typeof notify.list.run>>["items"][number]["deliveries"][number];

function deliveryText({ channel, state, attempts, nextAt, problem }: DeliveryView): string {
  if (state === "done") return channel;
  if (state === "dropped") return `${channel}: dropped, too many waited`;
  if (state === "failed") return `${channel}: given up after ${attempts} attempts (${problem ?? ""})`;
  return problem === null
    ? `${channel}: on its way`
    : `${channel}: again at ${shortTime(nextAt)} (${problem})`;
}
