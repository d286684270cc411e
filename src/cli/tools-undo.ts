import type { Command } from "commander";
import type { z } from "zod";
import * as tools from "../control/operations/tools.ts";
import { AppError } from "../kernel/index.ts";
import type { CliContext, CommonOptions } from "./context.ts";
import { example } from "./options.ts";
import { print, shortTime, table, warn } from "./output.ts";
import { confirm } from "./prompt.ts";
import { wantedTools } from "./tools-connect.ts";
import { diffText } from "./tools-diff.ts";
import { counted } from "./wording.ts";

type Disconnected = z.output<typeof tools.disconnect.output>;

interface UndoOptions extends CommonOptions {
  yes?: boolean;
  force?: boolean;
  list?: boolean;
}

export function registerToolsUndo(group: Command, context: CliContext, exit: { code: number }): void {
  group
    .command("disconnect [tools...]")
    .description("give a tool's files back as they were and refuse its virtual key")
    .option("--all", "every tool that was connected")
    .option("--force", "also where files were changed since; what was changed since is lost")
    .addHelpText("after", example("ownkey tools disconnect codex"))
    .action(async (names: string[], options: CommonOptions & { all?: boolean; force?: boolean }) => {
      const wanted = await wantedTools(names, options.all, () => changedTools(context));
      const items: Disconnected[] = [];
      for (const tool of wanted) {
        items.push(await context.client.call(tools.disconnect, { tool, force: options.force ?? false }));
      }
      print(context, options, { items }, () =>
        items.length === 0
          ? "no tool was connected by Ownkey"
          : items.map((item) => disconnectedText(item)).join("\n"),
      );
    });

  const undo = group
    .command("undo [change]")
    .enablePositionalOptions()
    .description("give files back as they were before the last change, or before the one named")
    .option("--list", "show what can be undone")
    .option("--yes", "do not ask")
    .option("--force", "also where files were changed since; what was changed since is lost")
    .option("--json", "print one JSON document")
    .addHelpText("after", example("ownkey tools undo --list", "ownkey tools undo", "ownkey tools undo purge"))
    .action(async (change: string | undefined, options: UndoOptions) => {
      const { items } = await context.client.call(tools.changes, {});
      if (options.list) {
        print(context, options, { items }, () => changesText(items));
        return;
      }
      const wanted = change ?? items.at(-1)?.id;
      if (wanted === undefined) throw new AppError("not_found", "there is nothing to undo");
      const force = options.force ?? false;
      const { files } = await context.client.call(tools.planUndo, { change: wanted, force });
      if (!options.json) context.stdout.write(`${diffText(context, files)}\n`);
      const agreed = options.yes || !context.interactive || (await confirm(context, "Undo this?", "--yes"));
      if (!agreed) throw new AppError("cancelled", "cancelled; nothing was changed");
      await context.client.call(tools.undo, { change: wanted, force });
      print(context, options, { change: wanted, files: files.map(({ path }) => path) }, () => "undone");
      exit.code = 0;
    });

  undo
    .command("purge [change]")
    .description("forget what files were before changes; that cannot be taken back")
    .option("--yes", "do not ask")
    .addHelpText("after", example("ownkey tools undo purge"))
    .action(async (change: string | undefined, options: UndoOptions) => {
      const { items } = await context.client.call(tools.changes, {});
      const wanted = change === undefined ? items.map(({ id }) => id) : [change];
      const question = `Forget how to undo ${counted(wanted.length, "change")}?`;
      if (!options.yes && !(await confirm(context, question, "--yes"))) {
        throw new AppError("cancelled", "cancelled; nothing was changed");
      }
      for (const id of wanted) await context.client.call(tools.purge, { change: id });
      if (wanted.length === 0) warn(context, "there was nothing to forget");
      print(context, options, { purged: wanted }, () => `forgotten: ${wanted.length}`);
    });
}

async function changedTools(context: CliContext): Promise<string[]> {
  const [{ items: known }, { items: changes }] = await Promise.all([
    context.client.call(tools.list, { environment: { ...context.environment }, all: true, versions: false }),
    context.client.call(tools.changes, {}),
  ]);
  return known.map(({ id }) => id).filter((id) => changes.some(({ tool }) => tool === id));
}

function disconnectedText({
  tool,
  undone,
  files,
  disabled,
}: Awaited<ReturnType<typeof tools.disconnect.run>>): string {
  const parts = [
    undone === 0
      ? "Ownkey has changed none of its files"
      : `what was changed is as it was (${counted(files.length, "file")})`,
    ...(disabled ? [`its virtual key is refused now (ownkey vk enable tool:${tool})`] : []),
  ];
  return `${tool}: ${parts.join("; ")}`;
}

function changesText(items: Awaited<ReturnType<typeof tools.changes.run>>["items"]): string {
  return table(
    items,
    [
      { title: "change", of: ({ id }) => id },
      { title: "tool", of: ({ tool }) => tool },
      { title: "made", of: ({ createdAt }) => shortTime(createdAt) },
      { title: "state", of: ({ state }) => (state === "applied" ? "" : "interrupted") },
    ],
    "nothing can be undone",
  );
}
