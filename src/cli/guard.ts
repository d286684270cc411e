import { resolve } from "node:path";
import * as guard from "../control/operations/guard.ts";
import * as scan from "../control/operations/scan.ts";
import { AppError } from "../kernel/index.ts";
import type { Register } from "./register.ts";
import type { CliContext, CommonOptions } from "./context.ts";
import { example } from "./options.ts";
import { paint, print, printable, shellWord } from "./output.ts";
import { isIncomplete, type ScanDocument, type ScanItem } from "./scan-report.ts";

type GuardDocument = Awaited<ReturnType<typeof guard.status.run>>;

const FINDINGS_EXIT_CODE = 7;

export const registerGuard: Register = (program, context, exit) => {
  const group = program.command("guard").description("git hooks that refuse to commit or push keys");
  const folderOf = (folder: string | undefined) => resolve(context.workingDirectory, folder ?? ".");

  group
    .command("install [folder]")
    .description("guard this repository, beside the hooks that it has")
    .addHelpText("after", example("ownkey guard install"))
    .action(async (folder: string | undefined, options: CommonOptions) => {
      const state = await context.client.call(guard.install, { folder: folderOf(folder) });
      print(context, options, state, () => `${installText(state)}\n\n${ciText(state)}`);
      exit.code = state.hooks.every(({ installed }) => installed) ? 0 : 1;
    });

  group
    .command("status [folder]")
    .description("whether this repository is guarded")
    .addHelpText("after", example("ownkey guard status"))
    .action(async (folder: string | undefined, options: CommonOptions) => {
      const state = await context.client.call(guard.status, { folder: folderOf(folder) });
      print(context, options, state, () => statusText(state));
    });

  group
    .command("uninstall [folder]")
    .description("take the guard out; the hooks that were there before come back")
    .addHelpText("after", example("ownkey guard uninstall"))
    .action(async (folder: string | undefined, options: CommonOptions) => {
      const state = await context.client.call(guard.uninstall, { folder: folderOf(folder) });
      print(context, options, state, () => `${statusText(state)}${leftText(state)}`);
    });

  group
    .command("run <hook> [args...]")
    .description("what the hooks call: looks at what is about to be committed or pushed")
    .addHelpText("after", example("ownkey guard run pre-commit"))
    .action(async (hook: string, _args: string[], options: CommonOptions) => {
      exit.code = await runHook(context, hook, options);
    });
};

async function runHook(context: CliContext, hook: string, options: CommonOptions): Promise<number> {
  const { workingDirectory, environment } = context;
  const pushing = hook === "pre-push";
  if (!pushing && hook !== "pre-commit") {
    throw new AppError("usage", `there is no guard for the hook "${hook}"`, {
      hint: "ownkey guard run pre-commit, or pre-push",
    });
  }
  const found = await context.client.call(scan.run, {
    workingDirectory,
    environment: { ...environment },
    ...(pushing ? { pushed: await context.readStdin() } : { staged: true }),
  });
  refuseUnchecked(found.notices, pushing);
  if (found.items.length === 0) return 0;
  if (options.json) print(context, options, found, () => "");
  else context.stderr.write(`${refusal(context, found.items, pushing)}\n`);
  return FINDINGS_EXIT_CODE;
}

/** A guard that could not look has found nothing either. */
function refuseUnchecked(notices: ScanDocument["notices"], pushing: boolean): void {
  const failed = notices.find((notice) => isIncomplete([notice]));
  if (!failed) return;
  throw new AppError(
    "internal",
    `the guard could not look at the change: ${failed.path}: ${failed.message}`,
    {
      hint: `mend that, or go on without the guard this once: git ${pushing ? "push" : "commit"} --no-verify`,
    },
  );
}

/** All there is to do, in the order in which to do it. */
function refusal(context: CliContext, items: readonly ScanItem[], pushing: boolean): string {
  const verb = pushing ? "push" : "commit";
  const steps = pushing ? pushSteps(items) : commitSteps(items, context.environment["GIT_PREFIX"] ?? "");
  return [
    `${paint(context, "red", `ownkey guard: this ${verb} holds ${keysIn(items)}, so it was refused.`)}`,
    ...items.map(({ path, line, commit, title, masked }) => {
      const where = commit === undefined ? "" : ` in commit ${commit.slice(0, 10)}`;
      return `  ${printable(path)}:${line}${where}  ${printable(title)}  ${printable(masked)}`;
    }),
    "",
    "What to do:",
    ...steps.map((step, index) => `  ${index + 1}. ${step}`),
    `  ${steps.length + 1}. Then ${verb} again.`,
    "No key? Put the comment ownkey:allow on its line.",
    `This once without the guard: git ${verb} --no-verify`,
  ].join("\n");
}

/** @param prefix where below the repository's folder git was called; paths given to it count from there */
function commitSteps(items: readonly ScanItem[], prefix: string): string[] {
  const paths = [...new Set(items.map(({ path }) => path))];
  const args = paths.map((path) => pathArgument(path, prefix)).join(" ");
  return [
    `Take the key out of ${filesIn(items)}. It has not left this machine: it need not be replaced.`,
    `Stage it again: git add ${args}; or leave it out: git restore --staged ${args}`,
    keepSafe(items),
  ];
}

function pushSteps(items: readonly ScanItem[]): string[] {
  return [
    `Take the key out of ${filesIn(items)}, also in the commits that were not pushed yet: git commit --amend for the last one, git rebase -i for earlier ones.`,
    "Replace it at its provider when anybody else could read this repository.",
    keepSafe(items),
  ];
}

function keepSafe(items: readonly ScanItem[]): string {
  const provider = items.find((item) => item.provider !== undefined)?.provider ?? "PROVIDER";
  return `Keep it out of the repository for good: ownkey keys add ${provider} stores it encrypted and lends it to tools.`;
}

function keysIn(items: readonly ScanItem[]): string {
  const keys = new Set(items.map(({ group }) => group)).size;
  return keys === 1 ? "a key" : `${keys} keys`;
}

function filesIn(items: readonly ScanItem[]): string {
  return [...new Set(items.map(({ path }) => printable(path)))].join(", ");
}

/** A path as git takes it in a command that can be copied, whatever it is called. */
function pathArgument(path: string, prefix: string): string {
  const isWord = /^[\w./@+-]+$/.test(path);
  const isPattern = /^[-:]|[*?[\\]/.test(path);
  if (prefix === "" && !isPattern) return isWord ? path : shellWord(path);
  return isWord && !isPattern ? `:/${path}` : shellWord(`:(top,literal)${path}`);
}

function installText(state: GuardDocument): string {
  const isCalled = state.hooks.every(({ installed }) => installed);
  if (state.manager === null || isCalled) return statusText(state);
  return [
    `the hooks of ${printable(state.repository)} are written by ${state.manager}, so nothing was changed.`,
    state.snippet ?? "",
  ].join("\n");
}

function statusText({ repository, hooks, hooksFolder, hooksShared, manager }: GuardDocument): string {
  const previous = hooks.flatMap((hook) => hook.previous ?? []);
  const isCalled = hooks.every(({ installed }) => installed);
  return [
    ...hooks.map(({ hook, installed }) => `${hook.padEnd(10)}  ${installed ? "guarded" : "not guarded"}`),
    `${printable(repository)}, hooks in ${printable(hooksFolder)}`,
    ...(previous.length > 0 ? [`called first: ${previous.map(printable).join(", ")}`] : []),
    ...(hooksShared ? ["these hooks serve your other repositories as well (core.hooksPath)"] : []),
    ...(manager === null
      ? []
      : [`${manager} writes the hooks here${isCalled ? "" : "; see: ownkey guard install"}`]),
  ].join("\n");
}

/** Lines that were added by hand are taken out by hand. */
function leftText({ manager, hooks }: GuardDocument): string {
  const isCalled = manager !== null && hooks.some(({ installed }) => installed);
  return isCalled
    ? `\nit is called by ${manager}: take the lines with "ownkey guard run" out of its settings`
    : "";
}

function ciText({ ci }: GuardDocument): string {
  return `For continuous integration, for example .github/workflows/keys.yml:\n\n${ci}`;
}
