import { checkedInput } from "../control/index.ts";
import * as tokens from "../control/operations/tokens.ts";
import { AppError } from "../kernel/index.ts";
import type { Register } from "./register.ts";
import type { CommonOptions } from "./context.ts";
import { example } from "./options.ts";
import { print } from "./output.ts";

/** The fast way of `ownkey token TOOL` is in main.ts; this one takes over when it cannot answer. */
export const registerToken: Register = (program, context) => {
  const token = program
    .command("token")
    .description("short-lived tokens for tools that ask a command for their key")
    .argument("[tool]", "the tool's name: claude-code, codex, …")
    .enablePositionalOptions()
    .addHelpText("after", example("ownkey token claude-code"))
    .option("--json", "print one JSON document")
    .action(async (tool: string | undefined, options: CommonOptions) => {
      // What is printed here is taken for a token: no help for people.
      if (tool === undefined) {
        throw new AppError("usage", "say for which tool", { hint: "for example: ownkey token claude-code" });
      }
      // Before anything is started for it.
      checkedInput(tokens.issue.input, { tool });
      await context.ensureRunning();
      const issued = await context.client.call(tokens.issue, { tool });
      print(context, options, issued, () => issued.token);
    });

  token
    .command("revoke <tool>")
    .description("end every token of the tool that is out now; new ones can be had at once")
    .addHelpText("after", example("ownkey token revoke claude-code"))
    .action(async (tool: string, options: CommonOptions) => {
      const done = await context.client.call(tokens.revoke, { tool });
      print(context, options, done, () => `every token of ${tool} has ended`);
    });
};
