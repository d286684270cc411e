import { Option } from "commander";
import * as usage from "../control/operations/usage.ts";
import type { Register } from "./register.ts";
import type { CliContext, CommonOptions } from "./context.ts";
import { example, excludeEachOther, given, pastTime } from "./options.ts";
import { paint, print, printable, table } from "./output.ts";

const GROUPS = [
  "model",
  "key",
  "vk",
  "connection",
  "tool",
  "user",
  "team",
  "project",
  "day",
  "month",
] as const;

interface UsageOptions extends CommonOptions {
  by: (typeof GROUPS)[number];
  since?: string;
  until?: string;
  csv?: boolean;
}

export const registerUsage: Register = (program, context) => {
  const group = program.command("usage").enablePositionalOptions();
  group
    .description("what was used and what it cost")
    .option("--json", "print one JSON document")
    .addOption(new Option("--by <what>", "what is added up together").choices(GROUPS).default("model"))
    .option("--since <time>", "from this time on: a date or a span back from now such as 7d", pastTime)
    .option("--until <time>", "up to this time", pastTime)
    .option("--csv", "print comma-separated values")
    .addHelpText("after", example("ownkey usage --by tool --since 7d"))
    .action(async (options: UsageOptions) => {
      if (options.csv && options.json) throw excludeEachOther("--csv", "--json");
      const { client } = context;
      const report = await client.call(usage.report, {
        by: options.by,
        ...given({ since: options.since, until: options.until }),
      });
      if (options.csv) return context.stdout.write(toCsv(report));
      print(context, options, report, () => toTable(report));
    });

  group
    .command("advise")
    .description("what of it perhaps need not be spent, with the sum that each would have saved")
    .option("--since <time>", "from this time on: a date or a span back from now (default: 30d)", pastTime)
    .option("--until <time>", "up to this time", pastTime)
    .option("--all", "also what would have saved less than a cent")
    .addHelpText("after", example("ownkey usage advise --since 7d"))
    .action(async (options: AdviseOptions) => {
      const advice = await context.client.call(
        usage.advise,
        given({ since: options.since, until: options.until }),
      );
      print(context, options, advice, () => adviceText(context, advice, options.all ?? false));
    });
};

interface AdviseOptions extends CommonOptions {
  since?: string;
  until?: string;
  all?: boolean;
}

type AdviceReport = Awaited<ReturnType<typeof usage.advise.run>>;

const LEAST_SHOWN_USD = 0.01;

function adviceText(context: CliContext, { items, requests, complete }: AdviceReport, all: boolean): string {
  const shown = items.filter(({ savedUsd }) => all || Number(savedUsd) >= LEAST_SHOWN_USD);
  const looked = `${requests} requests looked at${complete ? "" : ": the newest; there were more"}.`;
  const left = items.length - shown.length;
  const more = left > 0 ? [`${left} more would have saved less than a cent: --all`] : [];
  if (shown.length === 0) return [`nothing worth advising. ${looked}`, ...more].join("\n");
  return [
    ...shown.flatMap(({ savedUsd, virtualKey, tool, model, connection, found, how }) => [
      paint(
        context,
        "bold",
        `${savedUsd} usd  ${virtualKey}${tool === null ? "" : ` (${tool})`} to ${model} at ${connection}`,
      ),
      `  ${found}.`,
      `  ${paint(context, "dim", how)}`,
      "",
    ]),
    `${looked} Sums are at the most, and overlap: they do not add up.`,
    ...more,
  ].join("\n");
}

type Report = Awaited<ReturnType<typeof usage.report.run>>;
type Line = Report["total"];

function toTable(report: Report): string {
  const lines = [
    ...report.items.map((item) => ({ ...item, title: item.label ?? item.key ?? "" })),
    { ...report.total, title: "total" },
  ];
  return table(
    report.items.length === 0 ? [] : lines,
    [
      { title: report.by, of: (line) => line.title },
      { title: "requests", of: (line) => line.requests, right: true },
      { title: "input", of: (line) => line.inputTokens, right: true },
      { title: "cached", of: (line) => line.cachedInputTokens, right: true },
      { title: "output", of: (line) => line.outputTokens, right: true },
      { title: "cost usd", of: (line) => costText(line), right: true },
      { title: "estimated", of: (line) => line.estimated || "", right: true },
    ],
    "no requests yet in this time",
  );
}

function costText(line: Line): string {
  const unpriced = line.unpriced > 0 ? ` (+${line.unpriced} unpriced)` : "";
  return `${line.costUsd ?? "unpriced"}${line.costUsd === null ? "" : unpriced}`;
}

function toCsv(report: Report): string {
  const columns = [
    "key",
    "label",
    "requests",
    "inputTokens",
    "cachedInputTokens",
    "outputTokens",
    "costUsd",
    "unpriced",
    "estimated",
  ] as const;
  const lines = report.items.map((item) => columns.map((column) => csvCell(item[column])).join(","));
  return `${[columns.join(","), ...lines].join("\r\n")}\r\n`;
}

/** Quoted where needed; a leading = + - @ would be a formula in a spreadsheet. */
function csvCell(value: string | number | null | undefined): string {
  const text = printable(value);
  const safe = typeof value === "string" && /^[=+\-@\t\r]/.test(text) ? `'${text}` : text;
  return /[",\r\n]/.test(safe) ? `"${safe.replaceAll('"', '""')}"` : safe;
}
