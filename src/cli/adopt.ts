import type { Command } from "commander";
import * as adopt from "../control/operations/adopt.ts";
import { AppError } from "../kernel/index.ts";
import { adoptKeys, type Adopted } from "./adopt-keys.ts";
import type { CliContext, CommonOptions } from "./context.ts";
import { collect, example } from "./options.ts";
import { paint, print, printable, shortTime, table } from "./output.ts";
import { confirm } from "./prompt.ts";
import type { Register } from "./register.ts";
import { counted, shortPath } from "./wording.ts";

const NOT_ALL_EXIT_CODE = 1;

interface AdoptCommandOptions extends CommonOptions {
  yes?: boolean;
  dryRun?: boolean;
  offline?: boolean;
  backup: boolean;
  test: boolean;
  tool?: string[];
  git?: boolean;
}

export const registerAdopt: Register = (program, context, exit) => {
  const group = program
    .command("adopt [paths...]")
    .description(
      "take keys out of files into the vault; each file gets the best thing that its tool can take",
    )
    .enablePositionalOptions()
    .option("--yes", "all of them, without a question")
    .option("--dry-run", "show what would be done, and stop there")
    .option("--tool <id>", "only files of this tool (repeatable)", collect)
    .option("--git", "look through the history of repositories as well")
    .option("--no-test", "do not ask the providers about the keys first")
    .option("--offline", "change files although no request can be tried")
    .option("--no-backup", "even if nothing would bring the keys back")
    .option("--json", "print one JSON document")
    .addHelpText(
      "after",
      example("ownkey adopt --dry-run", "ownkey adopt", "ownkey adopt ~/project --yes", "ownkey adopt undo"),
    )
    .action(async (paths: string[], options: AdoptCommandOptions) => {
      const adopted = await adoptKeys(context, {
        paths,
        tools: options.tool ?? [],
        git: options.git ?? false,
        yes: options.yes ?? false,
        dryRun: options.dryRun ?? false,
        offline: options.offline ?? false,
        backup: options.backup,
        test: options.test,
        say: sayer(context, options),
      });
      print(context, options, documentOf(adopted), () => "");
      exit.code = isWhole(adopted) ? 0 : NOT_ALL_EXIT_CODE;
    });
  registerList(group, context);
  registerUndo(group, context, exit);
};

/** For people as it happens; `--json` gives one document at the end. */
export function sayer(context: CliContext, options: CommonOptions): (text: string) => void {
  return (text) => {
    if (!options.json && text !== "") context.stdout.write(`${text}\n`);
  };
}

/** Whether nothing that was to be done has failed. */
export function isWhole({ applied }: Adopted): boolean {
  return applied === undefined || applied.items.every(({ outcome }) => outcome !== "failed");
}

export function documentOf({ applied, wayBack, ...rest }: Adopted): object {
  return {
    ...rest,
    id: applied?.id ?? null,
    files: applied?.items ?? [],
    virtualKeys: applied?.virtualKeys ?? [],
    recoveryCode: wayBack?.recoveryCode ?? null,
  };
}

function registerList(group: Command, context: CliContext): void {
  group
    .command("list")
    .description("adoptions that can be undone")
    .addHelpText("after", example("ownkey adopt list"))
    .action(async (options: CommonOptions) => {
      const found = await context.client.call(adopt.list, {});
      print(context, options, found, () =>
        table(
          found.items,
          [
            { title: "adoption", of: ({ id }) => id },
            { title: "made", of: ({ createdAt }) => shortTime(createdAt) },
            { title: "files", of: ({ files }) => files.length },
            { title: "problems", of: ({ problems }) => problems.join("; ") },
          ],
          "nothing was taken in that could be undone",
        ),
      );
    });
}

function registerUndo(group: Command, context: CliContext, exit: { code: number }): void {
  group
    .command("undo [adoption]")
    .description("give the files of the last adoption, or of the one named, back as they were, with the keys")
    .option("--yes", "do not ask")
    .option("--force", "also where files were changed since; what was changed since is lost")
    .addHelpText("after", example("ownkey adopt undo"))
    .action(async (id: string | undefined, options: CommonOptions & { yes?: boolean; force?: boolean }) => {
      const { items } = await context.client.call(adopt.list, {});
      const wanted = id === undefined ? items.at(-1) : items.find((one) => one.id === id);
      if (!wanted) {
        throw new AppError("not_found", "there is no such adoption to undo", {
          hint: "run: ownkey adopt list",
        });
      }
      const question = `Put the keys back into ${counted(wanted.files.length, "file")}?`;
      if (!options.yes && context.interactive && !(await confirm(context, question, "--yes"))) {
        throw new AppError("cancelled", "cancelled; nothing was changed");
      }
      const undone = await context.client.call(adopt.undo, {
        adoption: wanted.id,
        force: options.force ?? false,
      });
      exit.code = undone.problems.length > 0 ? NOT_ALL_EXIT_CODE : 0;
      print(context, options, undone, () =>
        [
          ...undone.files.map((path) => `as it was: ${printable(shortPath(context, path))}`),
          ...undone.problems.flatMap(({ message, hint }) => [
            paint(context, "red", message),
            ...(hint === null ? [] : [`  ${hint}`]),
          ]),
          paint(context, "dim", "the vault keeps the keys as well: ownkey keys list"),
        ].join("\n"),
      );
    });
}
