import { type Command, InvalidArgumentError } from "commander";
import * as virtualKeys from "../control/operations/virtual-keys.ts";
import type { Register } from "./register.ts";
import type { CommonOptions } from "./context.ts";
import { collect, example, futureTime, given, wholeNumber } from "./options.ts";
import { fields, print, shortTime, table } from "./output.ts";
import {
  type RateLimitOptions,
  rateLimitOptions,
  rateLimitsOf,
  rateLimitsText,
} from "./rate-limit-options.ts";

export const registerVirtualKeys: Register = (program, context) => {
  const group = program
    .command("vk")
    .description("virtual keys: what tools and people hold instead of a provider key");

  const create = group.command("create");
  policyOptions(create.requiredOption("--name <name>", "its name, for reports and for revoking it"))
    .description("make a virtual key; it is shown once")
    .addHelpText(
      "after",
      example(
        "ownkey vk create --name laptop",
        "ownkey vk create --name ci --connections openai --models 'gpt-5*' --budget 20usd/month --expires 30d",
        "ownkey vk create --name ada --user ada --rpm 60 --tpm 100000 --address 10.0.0.0/8 --meta ticket=IT-7",
      ),
    )
    .action(async (options: PolicyOptions & { name: string }) => {
      const made = await context.client.call(virtualKeys.create, {
        ...policyOf(options),
        name: options.name,
      });
      print(context, options, made, () =>
        [made.key, "", "It is shown this once. Put it where the tool expects its API key."].join("\n"),
      );
    });

  group
    .command("list")
    .description("virtual keys, oldest first")
    .option("--limit <number>", "at most so many (default 1000)", wholeNumber)
    .option("--after <id>", "only those made after this one: the next page")
    .addHelpText("after", example("ownkey vk list", "ownkey vk list --limit 100 --after vk_01m8fzym1y"))
    .action(async (options: CommonOptions & { limit?: number; after?: string }) => {
      const { limit, after } = options;
      const list = await context.client.call(virtualKeys.list, given({ limit, after }));
      const more = list.next === null ? "" : `\nthere are more: ownkey vk list --after ${list.next}`;
      print(
        context,
        options,
        list,
        () =>
          table(
            list.items,
            [
              { title: "name", of: (key) => key.name },
              { title: "key", of: (key) => key.hint },
              { title: "state", of: (key) => key.state },
              { title: "connections", of: (key) => key.connections.join(", ") || "all" },
              { title: "budgets", of: (key) => key.budgets.map(budgetText).join(", ") },
              { title: "last used", of: (key) => shortTime(key.lastUsedAt) },
              { title: "expires", of: (key) => shortTime(key.expiresAt) },
            ],
            "no virtual keys yet; make one: ownkey vk create --name my-tool",
          ) + more,
      );
    });

  group
    .command("show <ref>")
    .description("one virtual key and what it may do")
    .addHelpText("after", example("ownkey vk show laptop"))
    .action(async (ref: string, options: CommonOptions) => {
      const key = await context.client.call(virtualKeys.show, { ref });
      print(context, options, key, () => keyFields(key));
    });

  policyOptions(group.command("set <ref>").option("--name <name>", "another name"))
    .description("change what a virtual key may do; the key itself stays")
    .addHelpText(
      "after",
      example(
        "ownkey vk set laptop --models gpt-5-mini --expires 30d",
        "ownkey vk set laptop --rpm none --address all",
      ),
    )
    .action(async (ref: string, options: PolicyOptions & { name?: string }) => {
      const key = await context.client.call(virtualKeys.set, {
        ref,
        ...policyOf(options),
        ...given({ name: options.name }),
      });
      print(context, options, key, () => keyFields(key));
    });

  group
    .command("reissue <ref>")
    .description("a new secret for the same virtual key; the old one ends now or after a grace period")
    .addHelpText("after", example("ownkey vk reissue laptop --grace 1h"))
    .option("--grace <span>", "how long the old one still works: 10m, 24h", futureTime)
    .action(async (ref: string, options: CommonOptions & { grace?: string }) => {
      const made = await context.client.call(virtualKeys.reissue, {
        ref,
        ...given({ graceUntil: options.grace }),
      });
      print(context, options, made, () =>
        [
          made.key,
          "",
          options.grace
            ? `The old one works until ${shortTime(options.grace)} UTC.`
            : "The old one has ended.",
        ].join("\n"),
      );
    });

  group
    .command("enable <ref>")
    .description("accept a disabled virtual key again")
    .addHelpText("after", example("ownkey vk enable laptop"))
    .action(async (ref: string, options: CommonOptions) => {
      const key = await context.client.call(virtualKeys.enable, { ref });
      print(context, options, key, () => `${key.name} is enabled`);
    });

  for (const [verb, text] of [
    ["disable", "refuse it, reversibly"],
    ["revoke", "refuse it for good, and every token made from it"],
  ] as const) {
    group
      .command(`${verb} <ref>`)
      .description(text)
      .addHelpText("after", example(`ownkey vk ${verb} laptop`))
      .action(async (ref: string, options: CommonOptions) => {
        const done = await context.client.call(virtualKeys[verb], { ref });
        print(context, options, done, () => `${done.name} is ${done.state}`);
      });
  }
};

interface PolicyOptions extends CommonOptions, RateLimitOptions {
  connections?: string[];
  defaultConnection?: string;
  models?: string[];
  paths?: string[];
  user?: string;
  team?: string;
  project?: string;
  tool?: string;
  class?: "development" | "production";
  purpose?: string;
  expires?: string;
  address?: string[];
  region?: string[];
  meta?: Record<string, string | null>;
  budget?: string[];
}

function policyOptions(command: Command): Command {
  return rateLimitOptions(command)
    .option("--connections <names>", "connections it may use; `all` lifts it", collect)
    .option("--default-connection <name>", "used when a request does not say")
    .option("--models <patterns>", "models it may use, * for any run of characters; `all` lifts it", collect)
    .option("--paths <patterns>", "paths besides the providers' inference routes; `none` ends that", collect)
    .option("--address <ranges>", "addresses it may be used from, 10.0.0.0/8; `all` lifts it", collect)
    .option("--region <regions>", "regions whose connections it may use; `all` lifts it", collect)
    .option("--budget <amount>", "hard budget, 20usd/month; several for several periods", collect)
    .option("--user <name>", "label for reports")
    .option("--team <name>", "label for reports")
    .option("--project <name>", "label for reports")
    .option("--tool <name>", "label for reports")
    .option("--class <class>", "development or production")
    .option("--purpose <text>", "what it is for")
    .option("--meta <name=value>", "keep a note with it; name= takes it out", collectNotes)
    .option("--expires <time>", "a date or a span such as 30d", futureTime);
}

function policyOf(options: PolicyOptions) {
  return given({
    connections: listOrAll(options.connections),
    defaultConnection: options.defaultConnection,
    models: listOrAll(options.models),
    paths: options.paths?.filter((path) => path !== "none"),
    addresses: listOrAll(options.address),
    regions: listOrAll(options.region),
    rateLimits: rateLimitsOf(options),
    budgets: options.budget,
    metadata: options.meta,
    user: options.user,
    team: options.team,
    project: options.project,
    tool: options.tool,
    class: options.class,
    purpose: options.purpose,
    expiresAt: options.expires,
  });
}

/** `all` is written where an empty list would be: nothing is limited then. */
function listOrAll(list: readonly string[] | undefined): string[] | undefined {
  return list?.filter((item) => item !== "all");
}

function collectNotes(
  text: string,
  before: Readonly<Record<string, string | null>> | undefined,
): Record<string, string | null> {
  const at = text.indexOf("=");
  if (at <= 0) throw new InvalidArgumentError("name=value");
  const value = text.slice(at + 1);
  return { ...before, [text.slice(0, at)]: value === "" ? null : value };
}

type OwnBudget = Awaited<ReturnType<typeof virtualKeys.show.run>>["budgets"][number];

function budgetText({ amount, hard }: OwnBudget): string {
  return hard ? amount : `${amount} (soft)`;
}

function budgetLine(budget: OwnBudget): string {
  const resets = budget.resetsAt === null ? "never resets" : `resets ${shortTime(budget.resetsAt)}`;
  if (budget.leftUsd === null) return `${budgetText(budget)}: spent unknown, see ownkey budget list`;
  return `${budgetText(budget)}: ${budget.spentUsd} spent, ${budget.leftUsd} left, ${resets}`;
}

function keyFields(key: Awaited<ReturnType<typeof virtualKeys.show.run>>): string {
  return fields([
    ["name", key.name],
    ["id", key.id],
    ["key", key.hint],
    ["state", key.state],
    ["connections", key.connections.join(", ") || "all"],
    ["default", key.defaultConnection],
    ["models", key.models.join(", ") || "all"],
    ["paths", key.paths.join(", ") || "the providers' inference routes"],
    ["addresses", key.addresses.join(", ") || "all"],
    ["regions", key.regions.join(", ") || "all"],
    ["limits", rateLimitsText(key.rateLimits)],
    ...key.budgets.map((budget): [string, string] => ["budget", budgetLine(budget)]),
    ["user", key.user],
    ["team", key.team],
    ["project", key.project],
    ["tool", key.tool],
    ["class", key.class],
    ["purpose", key.purpose],
    ["notes", notesText(key.metadata)],
    ["created", shortTime(key.createdAt)],
    ["last used", shortTime(key.lastUsedAt)],
    ["expires", shortTime(key.expiresAt)],
  ]);
}

function notesText(metadata: Readonly<Record<string, string>>): string {
  return Object.entries(metadata)
    .map(([name, value]) => `${name}=${value}`)
    .join(", ");
}
