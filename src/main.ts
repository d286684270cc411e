/**
 * The process edge. `ownkey token TOOL` is what tools run before each of their requests, so it loads nothing but the
 * socket's client, `ownkey run` is in front of other programs and loads little more, and the git hook before each commit
 * loads nothing but the scanner; everything else loads the command line.
 */
import { fetchToken } from "./control/token-client.ts";
import { homeOf } from "./home.ts";

// Whatever this process creates is the owner's alone (SQLite would make files that others can read).
const umask = process.umask(0o077);

const argv = process.argv.slice(2);
const tool = argv.length === 2 && argv[0] === "token" && isPlainTool(argv[1]) ? argv[1] : undefined;

if (!(await isDoneFast())) {
  const { runMain } = await import("./program/command-line.ts");
  process.exitCode = await runMain(argv, process.env, umask);
}

/** The commands that others run again and again, and wait for. */
async function isDoneFast(): Promise<boolean> {
  if (argv.join(" ") === "guard run pre-commit") {
    const { isStagedChangeClean } = await import("./program/guard-hook.ts");
    return await isStagedChangeClean(process.cwd(), process.env);
  }
  if (argv[0] === "run") return await ranFast();
  if (argv[0] === "gateway-worker" && argv.length === 1) return await ranWorker();
  return tool !== undefined && (await printTokenFast(tool));
}

/** Short and like no key: the command line looks closer at all else, also at `token revoke` and `token help`. */
function isPlainTool(name = ""): boolean {
  return /^(?!revoke$|help$|(?:sk|gsk|xai)-)[a-z][a-z0-9-]{0,23}$/.test(name);
}

/** False when nothing is running or anything is odd: the command line then does it, or says what is wrong. */
async function printTokenFast(tool: string): Promise<boolean> {
  const token = await fetchToken(homeOf(process.env), tool);
  if (token === undefined) return false;
  // Not `process.stdout`: making that stream takes longer than all the rest.
  await Bun.write(Bun.stdout, `${token}\n`);
  return true;
}

/** False when it has to be done by the command line, which also says what is wrong. */
async function ranFast(): Promise<boolean> {
  const { runFast } = await import("./program/run/fast.ts");
  const code = await runFast(homeOf(process.env), argv, { environment: process.env, umask });
  if (code === undefined) return false;
  // At once: whatever is still open here ends with the process.
  process.exit(code);
}

/** What `ownkey up --workers N` starts beside itself; of no use to anybody else. */
async function ranWorker(): Promise<boolean> {
  const { runWorker } = await import("./program/workers/worker.ts");
  // At once: the pipe to the program is still open.
  process.exit(await runWorker());
}
