import * as limits from "../control/operations/limits.ts";
import { AppError } from "../kernel/index.ts";
import type { CommonOptions } from "./context.ts";
import { example } from "./options.ts";
import { fields, print, shortTime, table } from "./output.ts";
import {
  type RateLimitOptions,
  rateLimitOptions,
  rateLimitsOf,
  rateLimitsText,
} from "./rate-limit-options.ts";
import type { Register } from "./register.ts";

type LimitsDocument = Awaited<ReturnType<typeof limits.show.run>>;

export const registerLimits: Register = (program, context) => {
  const group = program
    .command("limits")
    .description(
      "rate limits: how much may be asked for by a user, a team, a connection, a model or everything",
    );

  rateLimitOptions(group.command("set <subject>"))
    .description("limit requests and tokens in a time, and requests at once; what is not named stays")
    .addHelpText(
      "after",
      example(
        "ownkey limits set user:ada --rpm 60 --tpm 100k",
        "ownkey limits set connection:openai --rpd 10k --concurrency 20",
        "ownkey limits set 'model:gpt-5*' --tpm 1m",
        "ownkey limits set everything --concurrency 50 --rpm none",
      ),
    )
    .action(async (subject: string, options: CommonOptions & RateLimitOptions) => {
      const rateLimits = rateLimitsOf(options);
      if (rateLimits === undefined) {
        throw new AppError("usage", "it does not say what is limited", {
          hint: "name at least one of --rpm, --tpm, --rpd, --tpd and --concurrency",
        });
      }
      const set = await context.client.call(limits.set, { subject, rateLimits });
      print(context, options, set, () => limitsFields(set));
    });

  group
    .command("list")
    .description("all rate limits, those of virtual keys included")
    .addHelpText("after", example("ownkey limits list"))
    .action(async (options: CommonOptions) => {
      const list = await context.client.call(limits.list, {});
      print(context, options, list, () =>
        table(
          list.items,
          [
            { title: "subject", of: ({ subject }) => subject },
            { title: "limits", of: (one) => limitsText(one) },
          ],
          "no rate limits yet; set one: ownkey limits set user:NAME --rpm 60",
        ),
      );
    });

  group
    .command("show <subject>")
    .description("the rate limits of one subject")
    .addHelpText("after", example("ownkey limits show user:ada"))
    .action(async (subject: string, options: CommonOptions) => {
      const one = await context.client.call(limits.show, { subject });
      print(context, options, one, () => limitsFields(one));
    });

  group
    .command("remove <subject>")
    .description("limit the subject no longer")
    .addHelpText("after", example("ownkey limits remove user:ada"))
    .action(async (subject: string, options: CommonOptions) => {
      const done = await context.client.call(limits.remove, { subject });
      print(context, options, done, () => `${subject} has no rate limits any more`);
    });
};

function limitsFields(one: LimitsDocument): string {
  return fields([
    ["subject", one.subject],
    ["limits", limitsText(one)],
    ["since", shortTime(one.createdAt)],
  ]);
}

function limitsText({ rateLimits, state }: LimitsDocument): string {
  const text = rateLimitsText(rateLimits) || "none";
  return state === "damaged" ? `${text} (changed outside Ownkey: remove it and set it again)` : text;
}
