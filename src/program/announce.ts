import type { App } from "../app.ts";
import type { CliContext, UpFlags } from "../cli/index.ts";
import type { Running } from "../control/index.ts";

/** One line for programs, one for people: on standard output once everything answers. */
export function announce(context: CliContext, { json }: UpFlags, running: Running, startMs: number): void {
  const { url, ui, pid, home, version } = running;
  const line = json
    ? JSON.stringify({ event: "ready", url, ui, pid, home, startMs: Math.round(startMs) })
    : `Ownkey ${version} is ready: ${url}  (pid ${pid}, home ${home})`;
  context.stdout.write(`${line}\n`);
}

/** On the first start: what protects the new vault and what does not. A program's line stays alone on its output. */
export function tellStatement(context: CliContext, { json }: UpFlags, { statement }: App): void {
  if (statement === undefined) return;
  (json ? context.stderr : context.stdout).write(`\n${statement}\n`);
}
