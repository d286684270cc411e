import type { Register } from "./register.ts";
import type { CommonOptions } from "./context.ts";
import { example } from "./options.ts";
import { print } from "./output.ts";

export const registerService: Register = (program, context, exit) => {
  const group = program.command("service").description("start Ownkey with your session, without root");
  for (const [action, text] of [
    ["install", "register and start it"],
    ["uninstall", "stop and unregister it"],
    ["status", "is it registered, is it running"],
  ] as const) {
    group
      .command(action)
      .description(text)
      .action(async (options: CommonOptions) => {
        const report = await context.programs.service(action);
        exit.code = report.ok ? 0 : 1;
        print(context, options, report.document, () => report.lines.join("\n"));
      });
  }

  program
    .command("install")
    .description("put the ownkey command at a stable place that tools can name")
    .addHelpText("after", example("ownkey install"))
    .action(async (options: CommonOptions) => {
      const report = await context.programs.install();
      exit.code = report.ok ? 0 : 1;
      print(context, options, report.document, () => report.lines.join("\n"));
    });
};
