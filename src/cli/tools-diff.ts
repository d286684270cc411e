import type * as tools from "../control/operations/tools.ts";
import type { CliContext } from "./context.ts";
import { paint, printable } from "./output.ts";
import { shortPath } from "./wording.ts";

type Files = Awaited<ReturnType<typeof tools.plan.run>>["files"];

/** Changes of files for a terminal. Their lines come masked. */
export function diffText(context: CliContext, files: Files): string {
  if (files.length === 0) return "no file changes";
  return files.flatMap((file) => fileText(context, file)).join("\n");
}

function fileText(context: CliContext, { path, isNew, mode, parts }: Files[number]): string[] {
  const marks = [...(isNew ? ["new"] : []), ...(mode === null ? [] : [`mode ${mode}`])];
  const title = [shortPath(context, path), ...(marks.length > 0 ? [`(${marks.join(", ")})`] : [])].join(" ");
  return [
    paint(context, "bold", title),
    ...parts.flatMap(({ lines }, index) => [
      ...(index > 0 ? [paint(context, "dim", "  …")] : []),
      ...lines.map((line) => lineText(context, line)),
    ]),
  ];
}

function lineText(context: CliContext, line: string): string {
  const text = `  ${printable(line)}`;
  if (line.startsWith("+")) return paint(context, "green", text);
  return line.startsWith("-") ? paint(context, "red", text) : text;
}
