import { resolve } from "node:path";
import { guard, scan } from "../control/index.ts";
import type { Register } from "./register.ts";
import type { CliContext, CommonOptions } from "./context.ts";
import { example } from "./options.ts";
import { paint, print, printable } from "./output.ts";
import { scanText } from "./scan-report.ts";

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
      print(context, options, state, () => statusText(state));
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
  const found = await context.client.call(scan.run, {
    workingDirectory,
    environment: { ...environment },
    ...(pushing ? { pushed: await context.readStdin() } : { staged: true }),
  });
  if (found.items.length === 0) return 0;
  print(context, options, found, () => "");
  if (!options.json)
    context.stderr.write(`${refusal(context, scanText(context, found, { all: true }), pushing)}\n`);
  return FINDINGS_EXIT_CODE;
}

/** All there is to do, in the order in which to do it. */
function refusal(context: CliContext, findings: string, pushing: boolean): string {
  const verb = pushing ? "push" : "commit";
  const steps = pushing
    ? [
        "Replace each key at its provider: it is in your history, and only a key that no longer works is safe there.",
        "Take it out of the commits that were not pushed yet: git rebase -i, or git commit --amend for the last one.",
        "Keep the key out of the repository: ownkey keys add PROVIDER keeps it encrypted and lends it to tools.",
      ]
    : [
        "Take each key out of its file; nothing has left this machine, so it need not be replaced.",
        "Stage the files again: git add FILE (or leave a file out: git restore --staged FILE).",
        "Keep the key out of the repository: ownkey keys add PROVIDER keeps it encrypted and lends it to tools.",
      ];
  return [
    `${paint(context, "red", `ownkey guard: this ${verb} holds keys, so it was refused.`)}`,
    "",
    findings,
    "",
    "What to do:",
    ...steps.map((step, index) => `  ${index + 1}. ${step}`),
    `  ${steps.length + 1}. Then ${verb} again.`,
    `Not a key? Put the comment ownkey:allow on its line. This once without the guard: git ${verb} --no-verify`,
  ].join("\n");
}

function installText(state: GuardDocument): string {
  if (state.manager === null) return statusText(state);
  return [
    `the hooks of ${printable(state.repository)} are written by ${state.manager}, so nothing was changed.`,
    state.snippet ?? "",
  ].join("\n");
}

function statusText({ repository, hooks, hooksFolder, hooksShared, manager }: GuardDocument): string {
  const previous = hooks.flatMap((hook) => hook.previous ?? []);
  return [
    ...hooks.map(({ hook, installed }) => `${hook.padEnd(10)}  ${installed ? "guarded" : "not guarded"}`),
    `${printable(repository)}, hooks in ${printable(hooksFolder)}`,
    ...(previous.length > 0 ? [`called first: ${previous.map(printable).join(", ")}`] : []),
    ...(hooksShared ? ["these hooks serve your other repositories as well (core.hooksPath)"] : []),
    ...(manager === null ? [] : [`${manager} writes the hooks here; see: ownkey guard install`]),
  ].join("\n");
}

function ciText({ ci }: GuardDocument): string {
  return `For continuous integration, for example .github/workflows/keys.yml:\n\n${ci}`;
}
