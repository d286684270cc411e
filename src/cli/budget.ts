import * as budgets from "../control/operations/budgets.ts";
import { AppError } from "../kernel/index.ts";
import type { CommonOptions } from "./context.ts";
import { collect, example, exclusive, given, wholeNumber } from "./options.ts";
import { fields, print, shortTime, table } from "./output.ts";
import type { Register } from "./register.ts";

interface SetOptions extends CommonOptions {
  hard?: boolean;
  soft?: boolean;
  timeZone?: string;
  resetDay?: number;
  allow?: string[];
  spent?: string;
}

export const registerBudget: Register = (program, context) => {
  const group = program
    .command("budget")
    .description(
      "budgets: how much may be spent by a virtual key, a team, a connection, a model or everything",
    );

  const set = group
    .command("set <subject> <amount>")
    .description("set what may be spent in a period; what was spent so far stays counted")
    .option("--hard", "nothing is sent that could go beyond it (the default)")
    .option("--soft", "spending is watched; streams end when it is used up")
    .option("--time-zone <zone>", "whose calendar begins the periods (default: UTC)")
    .option(
      "--reset-day <number>",
      "day of the month, or of the week (1 = Monday), that begins a period",
      wholeNumber,
    )
    .option("--allow <fields>", "fields of requests let through without a bound; `none` ends that", collect)
    .option("--spent <amount>", "what is known to be spent in this period, in place of what was counted")
    .addHelpText(
      "after",
      example(
        "ownkey budget set vk:laptop 20usd/month",
        "ownkey budget set team:search 50usd/week --reset-day 1 --time-zone Europe/Berlin",
        "ownkey budget set 'model:gpt-5*' 5usd/day --soft",
        "ownkey budget set everything 100usd/month --spent 3.20usd",
      ),
    )
    .action(async (subject: string, amount: string, options: SetOptions) => {
      const budget = await context.client.call(budgets.set, {
        subject,
        amount,
        ...given({
          hard: options.hard ? true : options.soft ? false : undefined,
          timeZone: options.timeZone,
          resetDay: options.resetDay,
          allow: options.allow?.filter((field) => field !== "none"),
          spent: options.spent,
        }),
      });
      print(context, options, budget, () => budgetFields(budget));
    });
  exclusive(set, "--hard", "--soft");

  group
    .command("list")
    .description("all budgets: spent, held by gateways, left, and when they begin anew")
    .addHelpText("after", example("ownkey budget list"))
    .action(async (options: CommonOptions) => {
      const list = await context.client.call(budgets.list, {});
      print(context, options, list, () =>
        table(
          list.items,
          [
            { title: "subject", of: ({ subject }) => subject },
            { title: "amount", of: ({ amount }) => amount },
            { title: "kind", of: kindOf },
            { title: "spent usd", of: ({ spentUsd }) => spentUsd ?? "unknown", right: true },
            { title: "left usd", of: ({ leftUsd }) => leftUsd ?? "unknown", right: true },
            { title: "resets", of: ({ resetsAt }) => shortTime(resetsAt) || "never" },
            { title: "state", of: stateOf },
          ],
          "no budgets yet; set one: ownkey budget set vk:NAME 20usd/month",
        ),
      );
    });

  group
    .command("show <ref>")
    .description("one budget: by SUBJECT/PERIOD, by a subject that has one, or by id")
    .addHelpText("after", example("ownkey budget show vk:laptop/month"))
    .action(async (ref: string, options: CommonOptions) => {
      const budget = await context.client.call(budgets.show, { ref });
      print(context, options, budget, () => budgetFields(budget));
    });

  group
    .command("remove <ref>")
    .description("end a budget and forget what it has counted")
    .addHelpText("after", example("ownkey budget remove vk:laptop/month"))
    .action(async (ref: string, options: CommonOptions) => {
      const done = await context.client.call(budgets.remove, { ref });
      print(context, options, done, () => "removed");
    });

  group
    .command("explain")
    .description("what a request would hold of the budgets that cover it, and why; nothing is sent")
    .option("--file <path>", "the request's JSON body; standard input when it is not said")
    .option("--vk <ref>", "the virtual key that would send it")
    .option("--route <path>", "as tools call it: /v1/chat/completions (default: by the body)")
    .option("--connection <name>", "the connection, when that is not clear")
    .addHelpText(
      "after",
      example(
        "ownkey budget explain --vk laptop --file request.json",
        "ownkey budget explain < request.json",
      ),
    )
    .action(async (options: ExplainOptions) => {
      const body = options.file === undefined ? await context.readStdin() : context.readFile(options.file);
      if (body.trim() === "") {
        throw new AppError("usage", "there is no request to explain", {
          hint: "give its JSON body on standard input, or name a file: --file request.json",
        });
      }
      const { vk, route, connection } = options;
      const explained = await context.client.call(budgets.explain, {
        body,
        ...given({ vk, route, connection }),
      });
      print(context, options, explained, () => explainText(explained));
    });

  group
    .command("suspended")
    .description("models that hard budgets refuse because one cost more than was proven possible")
    .addHelpText("after", example("ownkey budget suspended"))
    .action(async (options: CommonOptions) => {
      const list = await context.client.call(budgets.suspended, {});
      print(context, options, list, () =>
        table(
          list.items,
          [
            { title: "model", of: ({ model }) => model },
            { title: "connection", of: ({ connection }) => connection },
            { title: "reserved usd", of: ({ reservedUsd }) => reservedUsd, right: true },
            { title: "cost usd", of: ({ costUsd }) => costUsd, right: true },
            { title: "since", of: ({ since }) => shortTime(since) },
          ],
          "no model is suspended",
        ),
      );
    });

  group
    .command("resume <model>")
    .description("let a suspended model through hard budgets again")
    .option("--connection <ref>", "where it is suspended, when that is not clear")
    .addHelpText("after", example("ownkey budget resume gpt-5"))
    .action(async (model: string, options: CommonOptions & { connection?: string }) => {
      const done = await context.client.call(budgets.resume, {
        model,
        ...given({ connection: options.connection }),
      });
      print(context, options, done, () => `${done.model} is let through again at ${done.connection}`);
    });
};

interface ExplainOptions extends CommonOptions {
  file?: string;
  vk?: string;
  route?: string;
  connection?: string;
}

type ExplainView = Awaited<ReturnType<typeof budgets.explain.run>>;

const OUTCOMES: Readonly<Record<ExplainView["outcome"], string>> = {
  sent: "it would be sent",
  sent_shorter: "it would be sent with a shorter answer",
  refused: "it would be refused",
};

function explainText(view: ExplainView): string {
  const { inputTokens, outputTokens, answers } = view;
  const by = view.outputLimitBy === "request" ? "as the request says" : "set by Ownkey";
  const each = answers === null || answers === 1 ? "" : ` for each of ${answers} answers`;
  const lines = fields([
    ["request", `${view.route}, ${view.model ?? "no model"} at ${view.connection}, ${view.bytes} bytes`],
    [
      "input",
      inputTokens === null ? null : `at most ${inputTokens} tokens: ${view.inputUsd ?? "unpriced"} usd`,
    ],
    [
      "output",
      outputTokens === null
        ? null
        : `at most ${outputTokens} tokens${each}, ${by}: ${view.outputUsd ?? "unpriced"} usd`,
    ],
    [
      "holds",
      view.holdsUsd === null
        ? null
        : `${view.holdsUsd} usd of each hard budget; ${view.leastUsd ?? ""} at the least`,
    ],
    ["lets through", view.letThrough.join(", ")],
    ["outcome", OUTCOMES[view.outcome]],
    ["why", view.why],
    ["next", view.hint],
  ]);
  const budgetLines = table(
    view.budgets,
    [
      { title: "budget", of: ({ name }) => name },
      { title: "kind", of: kindOf },
      { title: "left usd", of: ({ leftUsd }) => leftUsd ?? "unknown", right: true },
      { title: "would hold", of: ({ holdsUsd }) => holdsUsd, right: true },
      { title: "enough", of: ({ enough }) => (enough === null ? "" : enough ? "yes" : "no") },
    ],
    "",
  );
  return budgetLines === "" ? lines : `${lines}\n\n${budgetLines}`;
}

type BudgetView = Awaited<ReturnType<typeof budgets.show.run>>;

function budgetFields(budget: BudgetView): string {
  const { amount, resetDay } = budget;
  return fields([
    ["budget", budget.name],
    ["amount", `${amount}, ${kindOf(budget)}`],
    ["state", stateOf(budget)],
    ["spent usd", budget.spentUsd ?? "unknown"],
    ["held usd", budget.heldUsd === "0" ? null : budget.heldUsd],
    ["left usd", budget.leftUsd ?? "unknown"],
    ["resets", `${shortTime(budget.resetsAt) || "never"}${budget.resetsAt === null ? "" : " UTC"}`],
    ["time zone", budget.timeZone === "UTC" || budget.resetsAt === null ? null : budget.timeZone],
    ["reset day", resetDay === 1 ? null : resetDay],
    ["lets through", budget.allow.join(", ")],
    ["set", shortTime(budget.setAt)],
    ["id", budget.id],
    ["next", nextStep(budget)],
  ]);
}

function kindOf({ hard }: Pick<BudgetView, "hard">): string {
  return hard ? "hard" : "soft";
}

const STATES: Readonly<Record<BudgetView["state"], string>> = {
  in_force: "in force",
  used_up: "used up",
  spent_unknown: "spent unknown",
  damaged: "damaged",
};

function stateOf({ state }: Pick<BudgetView, "state">): string {
  return STATES[state];
}

function nextStep({ state, subject, amount, name }: BudgetView): string | null {
  if (state === "spent_unknown") {
    return `the home was restored or copied: ownkey budget set ${subject} ${amount} --spent AMOUNT`;
  }
  return state === "damaged"
    ? `its row was changed outside Ownkey: ownkey budget remove ${name}, then set it again`
    : null;
}
