import { resolve } from "node:path";
import { fillReferences, referencesInText } from "../control/index.ts";
import * as references from "../control/operations/references.ts";
import { AppError } from "../kernel/index.ts";
import type { CliContext, CommonOptions } from "./context.ts";
import { example, exclusive, given } from "./options.ts";
import { print, warn } from "./output.ts";
import { confirm } from "./prompt.ts";
import type { Register } from "./register.ts";
import { counted, shortPath } from "./wording.ts";

interface InjectOptions extends CommonOptions {
  in?: string;
  out?: string;
  life?: number;
  newVk?: string;
  real?: boolean;
}

export const registerInject: Register = (program, context) => {
  const command = program
    .command("inject")
    .description(
      "fill a template: ownkey://connection/key becomes a credential that works through the gateway",
    )
    .option("-i, --in <file>", "the template (default: standard input)")
    .option("-o, --out <file>", "where to, for the owner only (default: standard output)")
    .option("--life <hours>", "how long the credential is good, at most 24 hours (default: 1)", hours)
    .option("--new-vk <name>", "a lasting virtual key of this name instead, for these connections only")
    .option("--real", "the keys themselves: on a terminal, after confirmation, audited")
    .option("--json", "print one JSON document; the filled template goes to --out")
    .addHelpText(
      "after",
      example(
        "ownkey inject -i config.tmpl.yaml -o config.yaml",
        "ownkey inject -i compose.env.tmpl -o compose.env --new-vk compose",
      ) +
        "\nIn the template: {{ ownkey://openai/main }} for the credential, {{ ownkey://openai/main?base-url }} for its address.\n",
    )
    .action(async (options: InjectOptions) => await inject(context, options));
  exclusive(command, "--life", "--new-vk", "--real");
};

async function inject(context: CliContext, options: InjectOptions): Promise<void> {
  if (options.json && options.out === undefined) {
    throw new AppError("usage", "with --json the filled template needs a file of its own", {
      hint: "add --out FILE",
    });
  }
  const template = await readTemplate(context, options.in);
  const found = referencesInText(template);
  const { values, expiresAt } = await valuesOf(context, options, found);
  const filled = Buffer.from(fillReferences(template, new Map(Object.entries(values))), "latin1");
  if (found.length === 0) warn(context, "the template refers to no key; it is passed on as it is");
  if (options.out === undefined) {
    context.writeOut(filled);
    return;
  }
  const path = resolve(context.workingDirectory, options.out);
  context.writeFile(path, filled);
  const document = { path, references: found.length, expiresAt, real: options.real ?? false };
  print(context, options, document, () => {
    const end = expiresAt === null ? "" : `, good until ${expiresAt}`;
    return `wrote ${shortPath(context, path)}: ${counted(found.length, "reference")} filled${end}`;
  });
}

async function valuesOf(
  context: CliContext,
  options: InjectOptions,
  found: readonly string[],
): Promise<{ values: Readonly<Record<string, string>>; expiresAt: string | null }> {
  if (found.length === 0) return { values: {}, expiresAt: null };
  if (!options.real) {
    await context.ensureRunning();
    return await context.client.call(references.lend, {
      references: [...found],
      ...given({
        lifeSeconds: options.life === undefined ? undefined : options.life * 3600,
        newVirtualKey: options.newVk,
      }),
    });
  }
  if (!context.interactive) {
    throw new AppError("denied", "real keys are written on a terminal only", {
      hint: "without --real it gets a credential that works through the gateway",
    });
  }
  const where = options.out ?? "standard output";
  const question = `Write ${counted(found.length, "real key")} in plain text to ${where}? It will be recorded that you did.`;
  if (!(await confirm(context, question, "")))
    throw new AppError("cancelled", "cancelled; nothing was written");
  const { values } = await context.client.call(references.reveal, { references: [...found] });
  return { values, expiresAt: null };
}

/** Byte for byte: what is no reference may be in any encoding. */
async function readTemplate(context: CliContext, path: string | undefined): Promise<string> {
  if (path !== undefined) return Buffer.from(context.readBytes(path)).toString("latin1");
  const chunks: Uint8Array[] = [];
  for await (const chunk of context.stdin()) chunks.push(chunk);
  return Buffer.concat(chunks).toString("latin1");
}

function hours(text: string): number {
  const value = Number(text.replace(/h$/, ""));
  if (Number.isInteger(value) && value >= 1 && value <= 24) return value;
  throw new AppError("usage", "--life takes whole hours from 1 to 24", { hint: "for longer: --new-vk NAME" });
}
