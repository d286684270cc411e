import { existsSync, readdirSync } from "node:fs";
import { basename, dirname, join } from "node:path";
import * as eject from "../control/operations/eject.ts";
import * as guard from "../control/operations/guard.ts";
import * as running from "../control/operations/program.ts";
import { AppError, type Json, toAppError } from "../kernel/index.ts";
import { chooseOne } from "./choose.ts";
import type { CliContext, CommonOptions } from "./context.ts";
import { example } from "./options.ts";
import { paint, print, printable } from "./output.ts";
import { confirm } from "./prompt.ts";
import type { Register } from "./register.ts";
import { counted, shortPath } from "./wording.ts";

const NOT_ALL_EXIT_CODE = 1;

interface EjectOptions extends CommonOptions {
  yes?: boolean;
  realKeys?: boolean;
  force?: boolean;
}

type Plan = Awaited<ReturnType<typeof eject.plan.run>>;
type Ejected = Awaited<ReturnType<typeof eject.run.run>>;

export const registerEject: Register = (program, context, exit) => {
  program
    .command("eject")
    .description("leave: files as they were before Ownkey, tools disconnected, service and program stopped")
    .option("--real-keys", "put the provider keys back into the files that they were taken out of")
    .option("--yes", "do not ask")
    .option("--force", "also where files were changed since; what was changed since is lost")
    .addHelpText("after", example("ownkey eject", "ownkey eject --real-keys --yes"))
    .action(async (options: EjectOptions) => {
      const plan = await context.client.call(eject.plan, {});
      if (!options.json) context.stdout.write(`${planText(context, plan)}\n`);
      const realKeys = await wantsRealKeys(context, plan, options);
      if (!options.yes && !(await confirm(context, "Leave now?", "--yes"))) {
        throw new AppError("cancelled", "cancelled; nothing was changed");
      }
      const ejected = await context.client.call(eject.run, { realKeys, force: options.force ?? false });
      const repositories = await unguard(context);
      const isWhole = ejected.problems.length === 0 && ejected.stillAdopted === 0;
      const service = await removeService(context);
      await stop(context);
      // Files may go on naming it.
      const program = isWhole ? (await context.programs.uninstall()).document : { isGone: false };
      const left = leftOver(context, plan, program);
      exit.code = ejected.problems.length > 0 ? NOT_ALL_EXIT_CODE : 0;
      print(context, options, { ...ejected, repositories, service, left }, () =>
        [
          ...doneText(context, ejected, repositories),
          ...service,
          "",
          paint(context, "bold", "What is left:"),
          ...left.map(({ what, remove }) => `  ${what}\n      ${remove}`),
        ].join("\n"),
      );
    });
};

function planText(context: CliContext, { changes, home, keys }: Plan): string {
  const backup =
    keys === 0
      ? []
      : [
          `${shortPath(context, home)} stays, with ${counted(keys, "provider key")}; for an encrypted copy of it, before you leave: ownkey backup create ownkey.age`,
        ];
  if (changes.length === 0) return ["no file of a tool is changed by Ownkey", ...backup].join("\n");
  const of = (isAdoption: boolean) =>
    new Set(changes.filter((one) => one.isAdoption === isAdoption).flatMap(({ files }) => files));
  const lines = (files: ReadonlySet<string>) =>
    [...files].map((path) => `    ${printable(shortPath(context, path))}`);
  const [connected, adopted] = [of(false), of(true)];
  const problems = changes.flatMap(({ problem }) => problem ?? []);
  return [
    ...(connected.size === 0
      ? []
      : ["These files of connected tools become what they were:", ...lines(connected)]),
    ...(adopted.size === 0 ? [] : ["Keys were taken out of these:", ...lines(adopted)]),
    ...problems.map((problem) => paint(context, "yellow", `  ! ${problem}`)),
    ...backup,
  ].join("\n");
}

async function wantsRealKeys(
  context: CliContext,
  { changes }: Plan,
  options: EjectOptions,
): Promise<boolean> {
  const asks = changes.some(({ isAdoption }) => isAdoption) && !options.yes && context.interactive;
  if (options.realKeys || !asks) return options.realKeys ?? false;
  return await chooseOne(context, "And the files that keys were taken out of?", [
    { value: true, label: "put the keys back, in plain text as before" },
    { value: false, label: "leave them without keys", hint: "their tools stop working with Ownkey" },
  ]);
}

/** A repository that is gone needs no more. */
async function unguard(context: CliContext): Promise<string[]> {
  const { repositories } = await context.client.call(guard.guarded, {});
  const done: string[] = [];
  for (const folder of repositories) {
    try {
      await context.client.call(guard.uninstall, { folder });
      done.push(folder);
    } catch (error) {
      const { code } = toAppError(error);
      if (code === "internal") throw error;
    }
  }
  return done;
}

async function removeService(context: CliContext): Promise<string[]> {
  try {
    const { document } = await context.programs.service("status");
    if (document["installed"] !== true) return [];
    await context.programs.service("uninstall");
    return ["the service is gone"];
  } catch (error) {
    const { code, message } = toAppError(error);
    if (code === "internal") throw error;
    return [`the service could not be looked at: ${message}`];
  }
}

async function stop(context: CliContext): Promise<void> {
  try {
    await context.client.call(running.stop, {});
  } catch (error) {
    if (toAppError(error).code !== "not_running") throw error;
  }
  await context.untilStopped();
}

function doneText(context: CliContext, ejected: Ejected, repositories: readonly string[]): string[] {
  const { files, problems, virtualKeys, stillAdopted } = ejected;
  return [
    ...files.map((path) => `as it was: ${printable(shortPath(context, path))}`),
    ...problems.flatMap(({ message, hint }) => [
      paint(context, "red", message),
      ...(hint === null ? [] : [`  ${hint}`]),
    ]),
    ...(virtualKeys.length === 0 ? [] : [`refused from now on: ${virtualKeys.join(", ")}`]),
    ...repositories.map((path) => `no longer guarded: ${printable(shortPath(context, path))}`),
    ...(stillAdopted === 0
      ? []
      : [
          paint(
            context,
            "yellow",
            `${counted(stillAdopted, "file holds", "files hold")} no key, and works only while Ownkey runs: ownkey eject --real-keys puts the keys back`,
          ),
        ]),
  ];
}

interface LeftOver {
  readonly what: string;
  /** How it goes. */
  readonly remove: string;
}

/** No step needs the command, which may be gone with this. */
function leftOver(
  context: CliContext,
  { home, keys }: Plan,
  { isGone, runsFrom }: { readonly [name: string]: Json },
): LeftOver[] {
  return [
    ...(existsSync(home)
      ? [
          {
            what: `${shortPath(context, home)}, with ${counted(keys, "provider key")} in the vault, the ledger and the audit log`,
            remove: `to keep it: leave it, and an Ownkey that is set up again finds it; to remove it: rm -rf '${home}'`,
          },
        ]
      : []),
    { what: "backups that you made", remove: "each is one file, where you have put it" },
    ...formerHomes(home).map((path) => ({
      what: `${shortPath(context, path)}, which a restore has set aside, with its keys`,
      remove: `rm -rf '${path}'`,
    })),
    ...(isGone === true
      ? []
      : [{ what: "the ownkey command", remove: "rm ~/.local/bin/ownkey, if it is there" }]),
    ...(typeof runsFrom === "string"
      ? [
          {
            what: `${shortPath(context, runsFrom)}, which this command was run from`,
            remove: "npm uninstall -g ownkey, if npm has put it there; else remove it yourself",
          },
        ]
      : []),
  ];
}

/** Homes in whose place a backup was restored. */
function formerHomes(home: string): string[] {
  const names = existsSync(dirname(home)) ? readdirSync(dirname(home)) : [];
  return names
    .filter((name) => name.startsWith(`${basename(home)}.before-restore-`))
    .sort()
    .map((name) => join(dirname(home), name));
}
