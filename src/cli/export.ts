import { resolve } from "node:path";
import * as exports from "../control/operations/export.ts";
import { AppError } from "../kernel/index.ts";
import type { CliContext, CommonOptions } from "./context.ts";
import { collect, example, exclusive } from "./options.ts";
import { print, warn } from "./output.ts";
import { confirm } from "./prompt.ts";
import type { Register } from "./register.ts";
import { shortPath } from "./wording.ts";

interface ExportOptions extends CommonOptions {
  virtualKey?: string;
  real?: boolean;
  output?: string;
  connection?: string[];
}

interface Exported {
  readonly text: string;
  readonly notes: readonly string[];
}

type Format = (typeof exports.references.input.shape.format.options)[number];

export const registerExport: Register = (program, context) => {
  const command = program
    .command("export <format>")
    .description("settings for other programs, with references or a virtual key in them: cursor, env, dotenv")
    .option(
      "--virtual-key <name>",
      "make a virtual key of that name and write it, with the gateway's address",
    )
    .option("--connection <name>", "only this connection (repeatable)", collect)
    .option("--output <file>", "write to this file, for you alone to read")
    .option("--real", "the provider keys themselves; on a terminal only, after a question")
    .addHelpText(
      "after",
      example(
        "ownkey export dotenv --output .env",
        "ownkey export env --virtual-key scripts",
        "ownkey export cursor --real",
      ),
    )
    .action(async (format: string, options: ExportOptions) => {
      const exported = await exportAs(context, formatOf(format), options);
      const file = options.output === undefined ? null : resolve(context.workingDirectory, options.output);
      if (file !== null) context.writeFile(file, exported.text);
      for (const note of exported.notes) warn(context, note);
      if (file === null) {
        print(context, options, { format, ...exported, file }, () => exported.text);
        return;
      }
      const { text: _, ...told } = exported;
      print(
        context,
        options,
        { format, ...told, file },
        () => `wrote ${shortPath(context, file)}, which only you can read`,
      );
    });
  exclusive(command, "--virtual-key", "--real");
};

function formatOf(name: string): Format {
  const known = exports.references.input.shape.format.options;
  const found = known.find((format) => format === name);
  if (found !== undefined) return found;
  throw new AppError("usage", "there is no such format", { hint: `use one of: ${known.join(", ")}` });
}

async function exportAs(context: CliContext, format: Format, options: ExportOptions): Promise<Exported> {
  const { client } = context;
  const input = { format, connections: options.connection ?? [] };
  if (options.virtualKey !== undefined)
    return await client.call(exports.virtualKey, { ...input, name: options.virtualKey });
  if (!options.real) return await client.call(exports.references, input);
  if (!context.interactive) {
    throw new AppError("denied", "provider keys are written on a terminal only, after a question", {
      hint: "without --real there are references in it, which ownkey run resolves",
    });
  }
  const where = options.output === undefined ? "to this terminal" : `into ${options.output}`;
  const question = `Write your provider keys in plain text ${where}? The audit log keeps that they were shown.`;
  if (!(await confirm(context, question, "")))
    throw new AppError("cancelled", "cancelled; nothing was written");
  return await client.call(exports.real, input);
}
