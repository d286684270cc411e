import { readPlainRequest } from "./request.ts";
import { runWithSession, type Surroundings } from "./run.ts";

/** The program's exit code; `undefined` when the command line is not plain or no session is to be had. */
export async function runFast(
  home: string,
  argv: readonly string[],
  surroundings: Surroundings,
): Promise<number | undefined> {
  const request = readPlainRequest(argv);
  const ended = request && (await runWithSession(home, request, surroundings));
  return typeof ended === "number" ? ended : undefined;
}
