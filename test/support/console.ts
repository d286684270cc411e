/** What a `console` block shows: commands behind `$ `, and what they print. */

export interface ConsoleStep {
  readonly command: string;
  /** As printed; `…` stands for any text of a line, and alone on a line for any lines. */
  readonly output: string;
}

export function consoleSteps(text: string): ConsoleStep[] {
  const steps: { command: string; output: string[] }[] = [];
  let continued = false;
  for (const line of text.split("\n")) {
    const step = steps.at(-1);
    if (step && continued) step.command += `\n${line}`;
    else if (line.startsWith("$ ")) steps.push({ command: line.slice(2), output: [] });
    else if (step) step.output.push(line);
    else throw new Error(`a console block begins with output: ${line}`);
    continued = line.endsWith("\\") && (continued || line.startsWith("$ "));
  }
  return steps.map(({ command, output }) => ({ command, output: trimmed(output.join("\n")) }));
}

/** Whether the printed text is what the document shows. White space at the ends of lines does not count. */
export function isShown(shown: string, printed: string): boolean {
  const lines = shown.split("\n").map((line) => (line === "…" ? "(?:.*\\n)*?" : `${pattern(line)}\\n`));
  return new RegExp(`^${lines.join("")}$`).test(`${trimmed(printed)}\n`);
}

export function trimmed(text: string): string {
  return text
    .split("\n")
    .map((line) => line.trimEnd())
    .join("\n")
    .trim();
}

function pattern(line: string): string {
  return line
    .split("…")
    .map((text) => RegExp.escape(text))
    .join(".*");
}
