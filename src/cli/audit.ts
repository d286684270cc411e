import * as audit from "../control/operations/audit.ts";
import type { Register } from "./register.ts";
import type { CommonOptions } from "./context.ts";
import { example, given, wholeNumber } from "./options.ts";
import { paint, print, shortTime, table } from "./output.ts";

export const registerAudit: Register = (program, context, exit) => {
  const group = program
    .command("audit")
    .description("the log of who did what, which cannot be edited unnoticed");

  group
    .command("show")
    .description("the newest entries")
    .addHelpText("after", example("ownkey audit show --limit 20"))
    .option("--limit <number>", "how many", wholeNumber, 50)
    .option("--since <index>", "from this entry on", wholeNumber)
    .action(async (options: CommonOptions & { limit: number; since?: number }) => {
      const list = await context.client.call(audit.show, {
        limit: options.limit,
        ...given({ since: options.since }),
      });
      print(context, options, list, () =>
        table(
          list.items,
          [
            { title: "#", of: (entry) => entry.index, right: true },
            { title: "time", of: (entry) => shortTime(entry.at) },
            { title: "who", of: (entry) => entry.caller },
            { title: "did", of: (entry) => entry.action },
            { title: "to", of: (entry) => entry.subject },
            { title: "outcome", of: (entry) => entry.outcome },
          ],
          options.since === undefined ? "no entries yet" : "no entries from there on",
        ),
      );
    });

  group
    .command("verify")
    .description("recompute the whole log and check every signature")
    .addHelpText("after", example("ownkey audit verify"))
    .action(async (options: CommonOptions) => {
      const result = await context.client.call(audit.verify, {});
      exit.code = result.ok ? 0 : 1;
      print(context, options, result, () =>
        result.ok
          ? `${paint(context, "green", "ok")}  ${result.entries} entries, ${result.checkpoints} signed checkpoints, root ${result.root.slice(0, 16)}…`
          : [paint(context, "red", "the log does not verify"), ...result.problems].join("\n"),
      );
    });
};
