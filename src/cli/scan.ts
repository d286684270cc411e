import { existsSync } from "node:fs";
import { join, resolve } from "node:path";
import * as scan from "../control/operations/scan.ts";
import { changeText, keysIn } from "./change-report.ts";
import type { Register } from "./register.ts";
import type { CliContext, CommonOptions } from "./context.ts";
import { example, excludeEachOther, given, wholeNumber } from "./options.ts";
import { jsonText, paint, print, warn } from "./output.ts";
import { ScanProgressLine } from "./scan-progress.ts";
import { isIncomplete, noticeLines, type ScanItem, scanText, verifyText } from "./scan-report.ts";
import { sarifLog } from "./scan-sarif.ts";

const FINDINGS_EXIT_CODE = 7;

interface ScanCommandOptions extends CommonOptions {
  git?: boolean;
  staged?: boolean;
  env?: boolean;
  stdin?: boolean;
  baseline?: string;
  writeBaseline?: string;
  sarif?: boolean;
  all?: boolean;
  verify?: boolean;
  threads?: number;
}

export const registerScan: Register = (program, context, exit) => {
  program
    .command("scan [paths...]")
    .description("find keys and wrong settings; needs no vault, creates nothing, calls nobody unless told to")
    .option("--git", "the whole git history as well, of every repository below the paths")
    .option("--staged", "only what the next commit would change")
    .option("--env", "the environment of your own running programs as well")
    .option("--stdin", "standard input")
    .option("--verify", "ask each found key's own provider, and nobody else, whether it works")
    .option("--baseline <file>", "leave out what this file says is accepted")
    .option("--write-baseline <file>", "accept what is found: write it to this file")
    .option("--sarif", "print SARIF 2.1.0, for code hosts and editors")
    .option(
      "--threads <number>",
      "how many look at files (default: one for each processor, at most 8)",
      wholeNumber,
    )
    .option("--all", "list every place, every notice, and what is only information")
    .addHelpText(
      "after",
      example("ownkey scan", "ownkey scan . --git", "ownkey scan --staged --baseline .ownkey-baseline.json"),
    )
    .action(async (paths: string[], options: ScanCommandOptions) => {
      exit.code = await runScan(context, paths, options);
    });
};

async function runScan(
  context: CliContext,
  paths: readonly string[],
  options: ScanCommandOptions,
): Promise<number> {
  if (options.json && options.sarif) throw excludeEachOther("--json", "--sarif");
  const progress = new ScanProgressLine(context);
  const absolute = (path: string | undefined) =>
    path === undefined ? undefined : resolve(context.workingDirectory, path);
  const found = await context.client
    .call(scan.run, {
      paths: paths.map((path) => resolve(context.workingDirectory, path)),
      workingDirectory: context.workingDirectory,
      environment: { ...context.environment },
      git: options.git ?? false,
      staged: options.staged ?? false,
      processes: options.env ?? false,
      information: options.all ?? false,
      verify: options.verify ?? false,
      onVerify: (hosts) => {
        progress.clear();
        warn(context, verifyText(hosts));
      },
      onProgress: (state) => progress.show(state),
      ...given({
        stdin: options.stdin ? context.stdin() : undefined,
        baseline: absolute(options.baseline),
        writeBaseline: absolute(options.writeBaseline),
        threads: options.threads,
      }),
    })
    .finally(() => progress.clear());
  const all = options.all ?? false;
  if (options.sarif)
    context.stdout.write(`${jsonText(sarifLog(found.items, context.workingDirectory), 2)}\n`);
  else
    print(context, options, found, () =>
      isNextCommit(paths, options) && found.items.length > 0
        ? nextCommitText(context, found.items)
        : scanText(context, found, { all }),
    );
  if (!options.json) for (const line of noticeLines(found, { all })) warn(context, line);
  if (options.writeBaseline !== undefined) return 0;
  if (found.items.some(({ severity }) => severity !== "info")) return FINDINGS_EXIT_CODE;
  return isIncomplete(found.notices) ? 1 : 0;
}

/** Nothing but what the guard looks at. */
function isNextCommit(
  paths: readonly string[],
  { staged, git, env, stdin, verify }: ScanCommandOptions,
): boolean {
  return staged === true && paths.length === 0 && !git && !env && !stdin && !verify;
}

function nextCommitText(context: CliContext, items: readonly ScanItem[]): string {
  const isAtTop = existsSync(join(context.workingDirectory, ".git"));
  return [
    paint(context, "red", `the next commit would hold ${keysIn(items)}:`),
    changeText({ items, verb: "commit", isAtTop }),
  ].join("\n");
}
