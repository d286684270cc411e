/**
 * Start files of shells, and `.envrc`: programs of the user's own. Ownkey writes variables into a block of its own and
 * touches nothing else; a document is what that block sets. The block goes with its last variable.
 */
import { AppError } from "../../kernel/index.ts";
import type { Editor } from "./editor.ts";
import { textOf, variableOf } from "./dotenv-editor.ts";
import { endOfLine, nextLine } from "./splice.ts";

const BEGIN = "# >>> ownkey >>> written by `ownkey tools`; undone by `ownkey tools undo`";
const END = "# <<< ownkey <<<";

/** How a shell sets a variable for the programs that it starts. */
interface Syntax {
  readonly write: (name: string, value: string) => string;
  readonly line: RegExp;
  readonly read: (quoted: string) => string;
}

const posix: Syntax = {
  write: (name, value) => `export ${name}='${value.replaceAll("'", `'\\''`)}'`,
  line: /^export ([A-Za-z_][A-Za-z0-9_]*)='([\s\S]*)'$/,
  read: (quoted) => quoted.replaceAll(`'\\''`, "'"),
};

const fish: Syntax = {
  write: (name, value) => `set -gx ${name} '${value.replace(/[\\']/g, "\\$&")}'`,
  line: /^set -gx ([A-Za-z_][A-Za-z0-9_]*) '([\s\S]*)'$/,
  read: (quoted) => quoted.replace(/\\([\\'])/g, "$1"),
};

export const posixShellEditor = editorOf(posix);
export const fishEditor = editorOf(fish);

function editorOf(syntax: Syntax): Editor {
  return {
    parse: (text) => Object.fromEntries(variablesOf(text, syntax)),

    set(text, at, value) {
      const variables = variablesOf(text, syntax);
      variables.set(variableOf(at), oneLine(textOf(value)));
      return withVariables(text, variables, syntax);
    },

    remove(text, at) {
      const variables = variablesOf(text, syntax);
      return variables.delete(variableOf(at)) ? withVariables(text, variables, syntax) : text;
    },
  };
}

/** @throws AppError `unsupported`: nobody wants to read a start file with line breaks in quotes. */
function oneLine(value: string): string {
  if (!/[\r\n]/.test(value)) return value;
  throw new AppError("unsupported", "a variable in a shell's start file holds one line only");
}

interface Block {
  readonly start: number;
  readonly end: number;
  readonly lines: readonly string[];
}

/** @throws SyntaxError when the block is not as it was written: somebody has changed it by hand. */
function variablesOf(text: string, { line, read }: Syntax): Map<string, string> {
  const variables = new Map<string, string>();
  for (const one of blockOf(text)?.lines ?? []) {
    const [, name, quoted] = line.exec(one) ?? [];
    if (name === undefined || quoted === undefined)
      throw new SyntaxError("the block of Ownkey was changed by hand");
    variables.set(name, read(quoted));
  }
  return variables;
}

function blockOf(text: string): Block | undefined {
  const start = markAt(text, BEGIN, 0);
  if (start < 0) {
    if (markAt(text, END, 0) >= 0) throw new SyntaxError("the block of Ownkey has no begin");
    return undefined;
  }
  const inside = nextLine(text, start);
  const close = markAt(text, END, inside);
  if (close < 0 || markAt(text, BEGIN, inside) >= 0) throw new SyntaxError("the block of Ownkey has no end");
  const lines = text.slice(inside, close).split(/\r?\n/).slice(0, -1);
  return { start, end: nextLine(text, close), lines };
}

/** Where a line is exactly this one; -1 when none is. */
function markAt(text: string, mark: string, from: number): number {
  for (let at = text.indexOf(mark, from); at >= 0; at = text.indexOf(mark, at + 1)) {
    const atStart = at === 0 || text[at - 1] === "\n";
    if (atStart && /^\r?(?:\n|$)/.test(text.slice(at + mark.length, at + mark.length + 2))) return at;
  }
  return -1;
}

function withVariables(text: string, variables: ReadonlyMap<string, string>, { write }: Syntax): string {
  const eol = endOfLine(text);
  const block = blockOf(text);
  const lines = [BEGIN, ...[...variables].map(([name, value]) => write(name, value)), END];
  const written = variables.size === 0 ? "" : lines.join(eol) + eol;
  if (block) return text.slice(0, block.start) + written + text.slice(block.end);
  const gap = text === "" || text.endsWith("\n") ? "" : eol;
  return text + gap + written;
}
