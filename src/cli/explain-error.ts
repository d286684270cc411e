import * as doctor from "../control/operations/doctor.ts";
import { AppError } from "../kernel/index.ts";
import type { CommonOptions } from "./context.ts";
import { checklistLines } from "./doctor-report.ts";
import { example, given } from "./options.ts";
import { paint, print, printable } from "./output.ts";
import type { Register } from "./register.ts";

export const registerExplainError: Register = (program, context) => {
  program
    .command("explain-error [words...]")
    .description("what an error means: paste it, or pipe it in; nothing is sent anywhere")
    .option("--provider <name>", "whose error it is (default: read from the text)")
    .addHelpText(
      "after",
      example(
        "ownkey explain-error < error.txt",
        "ownkey explain-error 'Error code: 429 - insufficient_quota'",
      ),
    )
    .action(async (words: string[], options: CommonOptions & { provider?: string }) => {
      const text = words.length > 0 ? words.join(" ") : await pasted();
      if (text.trim() === "") {
        throw new AppError("usage", "there is no error to explain", {
          hint: "paste it behind the command in quotes, or pipe it in",
        });
      }
      const told = await context.client.call(doctor.explainError, {
        text,
        ...given({ provider: options.provider }),
      });
      print(context, options, told, () =>
        [
          [
            paint(context, "bold", told.title),
            told.verdict ?? told.code ?? "",
            told.provider === null
              ? ""
              : `${told.provider}${told.providerGuessed ? " (read from the text)" : ""}`,
            told.status === null ? "" : `status ${told.status}`,
          ]
            .filter((part) => part !== "")
            .join("  "),
          printable(told.cause),
          ...(told.said === null ? [] : [`it says: ${printable(told.said)}`]),
          ...(told.checklist.length === 0 ? [] : ["look at:", ...checklistLines(told.checklist, "  ")]),
          `next: ${printable(told.next)}`,
          ...(told.link === null ? [] : [`see ${printable(told.link)}`]),
          ...(told.retryAfterMs === null ? [] : [`try again after ${Math.ceil(told.retryAfterMs / 1000)} s`]),
        ].join("\n"),
      );
    });

  async function pasted(): Promise<string> {
    if (context.interactive) context.stderr.write("paste the error, then press Ctrl-D:\n");
    return await context.readStdin();
  }
};
