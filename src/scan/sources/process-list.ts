/** What one process holds, as text. */
export interface ProcessTexts {
  readonly id: string;
  readonly name: string;
  readonly args: readonly string[];
  /** Each `NAME=value`. */
  readonly variables: readonly string[];
}

const LINE = /^\s*(\d+)\s+(\S+)\s+(.*)$/;
const VARIABLE_START = / (?=[A-Za-z_][A-Za-z0-9_]{0,100}=)/;

/**
 * Reads lines of process id, program, and arguments followed by the environment, as macOS's `ps -E` prints them. It
 * puts nothing but a space between any two of them: what looks like a variable is taken for one, be it an argument.
 */
export function parseProcessList(text: string): ProcessTexts[] {
  return text.split("\n").flatMap((line) => {
    const [, id, program, rest] = LINE.exec(line) ?? [];
    if (id === undefined || program === undefined || rest === undefined) return [];
    const [args = "", ...variables] = rest.split(VARIABLE_START);
    return [{ id, name: program.slice(program.lastIndexOf("/") + 1), args: [args], variables }];
  });
}
