import type { Command } from "commander";
import * as tools from "../control/operations/tools.ts";
import type { CliContext, CommonOptions } from "./context.ts";
import { example } from "./options.ts";
import { paint, print, printable, table } from "./output.ts";
import type { Register } from "./register.ts";
import { registerToolsConnect } from "./tools-connect.ts";
import { shellOf } from "./tools-shell.ts";
import { registerToolsUndo } from "./tools-undo.ts";
import { verified } from "./tools-verified.ts";

const NOT_VERIFIED_EXIT_CODE = 1;

type Item = Awaited<ReturnType<typeof tools.list.run>>["items"][number];

export const registerTools: Register = (program, context, exit) => {
  const group = program.command("tools").description("set up the tools on this machine to use the gateway");
  registerList(group, context);
  registerToolsConnect(group, context, exit);
  registerVerify(group, context, exit);
  registerToolsUndo(group, context, exit);
};

function registerList(group: Command, context: CliContext): void {
  group
    .command("list")
    .description("tools that are here, the key and address that each would really use")
    .option("--all", "those that were not found as well")
    .option("--no-versions", "do not start the tools to ask for their versions")
    .addHelpText("after", example("ownkey tools list"))
    .action(async (options: CommonOptions & { all?: boolean; versions: boolean }) => {
      const found = await context.client.call(tools.list, {
        ...shellOf(context),
        all: options.all ?? false,
        versions: options.versions,
      });
      print(context, options, found, () => listText(context, found.items));
    });
}

const STATES: Readonly<Record<Item["state"], string>> = {
  connected: "connected",
  partly: "half connected",
  direct: "past Ownkey",
  subscription: "subscription",
  not_set_up: "not set up",
  guide: "set up by hand",
};

function listText(context: CliContext, items: readonly Item[]): string {
  const text = table(
    items,
    [
      { title: "tool", of: (item) => item.id },
      { title: "version", of: (item) => item.version },
      { title: "state", of: (item) => STATES[item.state] },
      { title: "key", of: (item) => [item.key, item.fingerprint].filter((part) => part !== null).join(" ") },
      { title: "goes to", of: (item) => item.goesTo },
    ],
    "no tools were found; ownkey tools list --all shows those that Ownkey knows",
  );
  const notes = items.flatMap(({ name, notes: all }) => all.map((note) => `${name}: ${note}`));
  const next = items.some(({ state }) => state === "direct" || state === "not_set_up" || state === "partly")
    ? ["", paint(context, "dim", "next: ownkey tools connect TOOL, or ownkey tools connect --all")]
    : [];
  return [text, ...(notes.length > 0 ? ["", ...notes.map(printable)] : []), ...next].join("\n");
}

function registerVerify(group: Command, context: CliContext, exit: { code: number }): void {
  group
    .command("verify [tools...]")
    .description(
      "send one small real request as each tool would send it (of those that are connected, unless named)",
    )
    .option("--connection <name>", "the connection that is to answer")
    .option("--model <model>", "the model to ask")
    .addHelpText("after", example("ownkey tools verify", "ownkey tools verify claude-code"))
    .action(async (names: string[], options: CommonOptions & { connection?: string; model?: string }) => {
      await context.ensureRunning();
      const wanted = names.length > 0 ? names : await connectedTools(context);
      const items: Awaited<ReturnType<typeof verified>>[] = [];
      for (const tool of wanted) items.push(await verified(context, tool, options));
      exit.code = items.every(({ ok }) => ok) ? 0 : NOT_VERIFIED_EXIT_CODE;
      print(context, options, { items }, () =>
        table(
          items,
          [
            { title: "tool", of: (item) => item.tool },
            { title: "works", of: (item) => (item.ok ? "yes" : "no") },
            { title: "what", of: (item) => item.what },
            { title: "next", of: (item) => item.hint },
          ],
          "no tool is connected whose settings can be read: ownkey tools connect TOOL",
        ),
      );
    });
}

async function connectedTools(context: CliContext): Promise<string[]> {
  const { items } = await context.client.call(tools.list, { ...shellOf(context), versions: false });
  const readable = items.filter(({ state, takes }) => state === "connected" && takes !== "dialog");
  return readable.map(({ id }) => id);
}
