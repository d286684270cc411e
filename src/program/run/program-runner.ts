import { confirm, type CliContext, type RunRequest } from "../../cli/index.ts";
import { errorFromDocument } from "../../control/index.ts";
import { AppError } from "../../kernel/index.ts";
import { runOrTell, runWithSession, type Surroundings } from "./run.ts";
import { changedVariables, referencesIn, withEnvFiles } from "./variables.ts";

/** `ownkey run` behind the command line's parser: starts what is missing, and says what is wrong. */
export async function runProgram(
  context: CliContext,
  request: RunRequest,
  surroundings: Surroundings,
): Promise<number> {
  // Says which file it is, before anything is started.
  for (const path of request.envFiles) context.readFile(path);
  if (request.real) return await runWithKeys(context, request, surroundings);
  await context.ensureRunning();
  const ended = await runWithSession(context.home, request, surroundings);
  if (typeof ended === "number") return ended;
  if (ended.refused !== undefined) throw errorFromDocument(ended.refused);
  throw new AppError("not_running", "the running Ownkey gave no session", {
    hint: "ownkey doctor says what is wrong; ownkey down and ownkey up --detach start it anew",
  });
}

/** The keys themselves, for their owner at a terminal. */
async function runWithKeys(
  context: CliContext,
  request: RunRequest,
  surroundings: Surroundings,
): Promise<number> {
  if (!context.interactive) {
    throw new AppError("denied", "a program is given real keys on a terminal only", {
      hint: "without --real it gets a token that works through the gateway",
    });
  }
  const variables = await withEnvFiles(surroundings.environment, request.envFiles, (path) =>
    context.readFile(path),
  );
  const references = referencesIn(variables);
  if (Object.keys(references).length === 0) {
    throw new AppError("usage", "no variable refers to a key, so there is nothing to give", {
      hint: "write NAME=ownkey://connection/key into the environment or an --env-file",
    });
  }
  const names = Object.keys(references).join(", ");
  const question = `Give ${request.command} the real keys in ${names}? It will be recorded that you did.`;
  if (!(await confirm(context, question, "")))
    throw new AppError("cancelled", "cancelled; nothing was started");
  const { reveal } = await import("../../control/operations/references.ts");
  const { values } = await context.client.call(reveal, { references: Object.values(references) });
  const set = Object.fromEntries(
    Object.entries(references).map(([name, text]) => [name, values[text] ?? ""]),
  );
  const environment = changedVariables(variables, { set, unset: [] });
  return await runOrTell(request, { environment, umask: surroundings.umask });
}
