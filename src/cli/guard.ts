import { resolve } from "node:path";
import * as guard from "../control/operations/guard.ts";
import * as scan from "../control/operations/scan.ts";
import { AppError } from "../kernel/index.ts";
import { changeText, keysIn } from "./change-report.ts";
import type { Register } from "./register.ts";
import type { CliContext, CommonOptions } from "./context.ts";
import { example } from "./options.ts";
import { paint, print, printable, warn } from "./output.ts";
import { isIncomplete, noticeLines, type ScanDocument, type ScanItem } from "./scan-report.ts";

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
  if (found.items.length === 0) refuseUnchecked(found.notices, pushing);
  print(context, options, found, () => "");
  if (found.items.length === 0) return 0;
  if (!options.json) {
    for (const line of noticeLines(found, { all: false })) warn(context, line);
    context.stderr.write(`${refusal(context, found.items, pushing)}\n`);
  }
  return FINDINGS_EXIT_CODE;
}

function refusal(context: CliContext, items: readonly ScanItem[], pushing: boolean): string {
  const verb = pushing ? "push" : "commit";
  const isAtTop = (context.environment["GIT_PREFIX"] ?? "") === "";
  return [
    paint(context, "red", `ownkey guard: this ${verb} holds ${keysIn(items)}, so it was refused.`),
    changeText({ items, verb, isAtTop }),
    `This once without the guard: git ${verb} --no-verify`,
  ].join("\n");
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
