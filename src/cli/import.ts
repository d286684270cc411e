import { resolve } from "node:path";
import * as imports from "../control/operations/import.ts";
import { AppError } from "../kernel/index.ts";
import type { Register } from "./register.ts";
import type { CliContext, CommonOptions } from "./context.ts";
import { example } from "./options.ts";
import { paint, print, printable, table, warn } from "./output.ts";
import { confirm } from "./prompt.ts";
import { storedKeysText } from "./stored-keys.ts";

const REFUSED_EXIT_CODE = 6;

interface ImportOptions extends CommonOptions {
  test: boolean;
  keep?: boolean;
  dryRun?: boolean;
  yes?: boolean;
}

type ReadDocument = Awaited<ReturnType<typeof imports.read.run>>;

export const registerImport: Register = (program, context, exit) => {
  program
    .command("import <format> [file]")
    .description("take keys out of a file (- is standard input) or the environment: cursor, env, dotenv")
    .option("--dry-run", "show what would be taken, and stop there")
    .option("--no-test", "store without asking the providers")
    .option("--keep", "store even what its provider refuses")
    .option("--yes", "do not ask")
    .addHelpText(
      "after",
      example("ownkey import cursor settings.json", "ownkey import env", "ownkey import dotenv - < .env"),
    )
    .action(async (format: string, file: string | undefined, options: ImportOptions) => {
      exit.code = await runImport(context, format, file, options);
    });
};

async function runImport(
  context: CliContext,
  format: string,
  file: string | undefined,
  options: ImportOptions,
): Promise<number> {
  const known = imports.read.input.shape.format.options;
  const wanted = known.find((name) => name === format);
  if (wanted === undefined) {
    throw new AppError("usage", "there is no such format", { hint: `use one of: ${known.join(", ")}` });
  }
  const read = await context.client.call(imports.read, {
    format: wanted,
    text: wanted === "env" ? "" : await textOf(context, file),
    environment: { ...context.environment },
  });
  for (const note of read.notes) warn(context, note);
  if (options.dryRun) {
    print(context, options, preview(read), () => previewText(read));
    return 0;
  }
  if (!options.json) context.stdout.write(`${previewText(read)}\n\n`);
  if (context.interactive && !options.yes && !(await confirm(context, question(read), "--yes"))) {
    throw new AppError("cancelled", "cancelled; nothing was stored");
  }
  const stored = await context.client.call(imports.store, {
    keys: read.keys.map(({ label, provider, kind, value, settings }) => ({
      label,
      provider,
      kind,
      ...settings,
      value: value.reveal(),
    })),
    test: options.test,
    keep: options.keep ?? false,
  });
  for (const { warnings } of stored.items) for (const text of warnings) warn(context, text);
  print(context, options, stored, () =>
    [
      storedKeysText(context, stored.items),
      "",
      wanted === "env"
        ? "the variables still hold the keys: ownkey adopt takes them out of the files that set them"
        : paint(context, "dim", "the file still holds the keys: ownkey adopt takes them out"),
    ].join("\n"),
  );
  return stored.items.every(({ outcome }) => outcome === "refused") ? REFUSED_EXIT_CODE : 0;
}

async function textOf(context: CliContext, file: string | undefined): Promise<string> {
  if (file === undefined) {
    throw new AppError("usage", "a file is wanted, or - for standard input", {
      hint: "for example: ownkey import dotenv .env",
    });
  }
  return file === "-" ? await context.readStdin() : context.readFile(resolve(context.workingDirectory, file));
}

function question({ keys }: ReadDocument): string {
  return keys.length === 1 ? "Store this key?" : `Store these ${keys.length} keys?`;
}

/** Without the values. */
function preview({ keys, notes }: ReadDocument): object {
  return {
    items: keys.map(({ label, provider, kind, masked, settings }) => ({
      label,
      provider,
      kind,
      masked,
      ...settings,
    })),
    notes,
  };
}

function previewText({ keys }: ReadDocument): string {
  return table(
    keys,
    [
      { title: "setting", of: (key) => key.label },
      { title: "provider", of: (key) => key.provider },
      { title: "key", of: (key) => key.masked },
      { title: "goes to", of: ({ settings }) => printable(settings.baseUrl ?? "") },
    ],
    "no keys",
  );
}
