import * as explain from "../control/operations/explain.ts";
import type { CliContext, CommonOptions } from "./context.ts";
import { example } from "./options.ts";
import { paint, print, printable } from "./output.ts";
import type { Register } from "./register.ts";
import { shellOf } from "./tools-shell.ts";

type ExplainDocument = Awaited<ReturnType<typeof explain.tool.run>>;
type SourceDocument = ExplainDocument["keys"][number];

export const registerExplain: Register = (program, context) => {
  program
    .command("explain <tool>")
    .description("where a tool takes its key and address from, which source wins, and where its requests go")
    .addHelpText("after", example("ownkey explain claude-code"))
    .action(async (tool: string, options: CommonOptions) => {
      const told = await context.client.call(explain.tool, { tool, ...shellOf(context) });
      print(context, options, told, () => explainText(context, told));
    });
};

function explainText(context: CliContext, told: ExplainDocument): string {
  const way = told.throughGateway ? paint(context, "green", "through Ownkey") : "not through Ownkey";
  return [
    `${paint(context, "bold", told.name)}${told.found ? "" : "  (not found on this machine)"}`,
    `requests go to ${printable(told.goesTo)}, ${way}`,
    ...ranked(context, "key", told.keys, "none is set: it asks its user, or sends none"),
    ...ranked(context, "address", told.baseUrls, "none is set: its usual address"),
    ...told.notes.map((note) => `note: ${printable(note)}`),
    ...told.problems.map((problem) => `${paint(context, "red", "cannot be read")}: ${printable(problem)}`),
    ...(told.next === null ? [] : [`next: ${printable(told.next)}`]),
  ].join("\n");
}

function ranked(
  context: CliContext,
  what: string,
  sources: readonly SourceDocument[],
  none: string,
): string[] {
  if (sources.length === 0) return [`${what}: ${none}`];
  return [
    `${what}:`,
    ...sources.map((source) => {
      const mark = source.wins ? paint(context, "green", "wins   ") : paint(context, "dim", "ignored");
      const known = source.knownKey === null ? "" : `  = ${source.knownKey} ${source.fingerprint ?? ""}`;
      return `  ${mark}  ${printable(source.label)}  ${printable(source.shown)}${printable(known)}`;
    }),
  ];
}
