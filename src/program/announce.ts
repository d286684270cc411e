import type { CliContext, UpFlags } from "../cli/index.ts";
import type { Running } from "../control/index.ts";

/** One line for programs, one for people: on standard output once everything answers. */
export function announce(context: CliContext, { json }: Pick<UpFlags, "json">, running: Running): void {
  const { url, ui, pid, home, startMs, version } = running;
  const line = json
    ? JSON.stringify({ event: "ready", url, ui, pid, home, startMs })
    : `Ownkey ${version} is ready: ${url}  (pid ${pid}, home ${home})`;
  context.stdout.write(`${line}\n`);
}

/** On the first start: what protects the new vault and what does not. A program's line stays alone on its output. */
export function tellStatement(
  context: CliContext,
  { json }: Pick<UpFlags, "json">,
  statement: string | undefined,
): void {
  if (statement === undefined) return;
  (json ? context.stderr : context.stdout).write(`\n${statement}\n`);
}
