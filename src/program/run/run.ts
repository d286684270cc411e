/** `ownkey run`: a program with credentials that end when it does. */
import { readFileSync } from "node:fs";
import type { RunRequest } from "../../cli/index.ts";
import { runChild, startFailure } from "./child.ts";
import { openSession } from "./held-session.ts";
import { changedVariables, referencesIn, type Variables, withEnvFiles } from "./variables.ts";

/** An env file cannot be read, or the running program gave no session: nothing was started. */
export interface NotRun {
  /** The error document that the running program answered; `undefined` when nobody did, or a file is missing. */
  readonly refused: unknown;
}

/** What this process was started with, and the program is started with. */
export interface Surroundings {
  readonly environment: Variables;
  readonly umask: number;
}

/** Gives the program's exit code, or why it was not started. Nothing is written but by the program itself and notices. */
export async function runWithSession(
  home: string,
  request: RunRequest,
  { environment, umask }: Surroundings,
): Promise<number | NotRun> {
  const { tool, virtualKey, connection, onlyReferences } = request;
  let variables: Variables;
  try {
    variables = await withEnvFiles(environment, request.envFiles, (path) => readFileSync(path, "utf8"));
  } catch {
    return { refused: undefined };
  }
  const references = referencesIn(variables);
  const session = await openSession(home, { tool, virtualKey, connection, onlyReferences, references });
  if ("refused" in session) return session;
  for (const notice of session.notices) await tell(`ownkey: ${notice}`);
  try {
    return await runOrTell(request, { environment: changedVariables(variables, session), umask });
  } finally {
    await session.end();
  }
}

/** Gives the program's exit code, or what a shell gives for one that cannot be started. */
export async function runOrTell(
  { command, args }: Pick<RunRequest, "command" | "args">,
  surroundings: { readonly environment: Readonly<Record<string, string>>; readonly umask: number },
): Promise<number> {
  try {
    return await runChild({ command, args, ...surroundings });
  } catch (error) {
    const { code, message } = startFailure(command, error);
    await tell(`ownkey: ${message}`);
    return code;
  }
}

/** Not `process.stderr`: making that stream takes longer than all the rest. */
async function tell(line: string): Promise<void> {
  await Bun.write(Bun.stderr, `${line}\n`);
}
