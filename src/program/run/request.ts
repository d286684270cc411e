import type { RunRequest } from "../../cli/index.ts";

/** Options that take a value, and where it goes. */
const VALUES = { "--tool": "tool", "--vk": "virtualKey", "--connection": "connection" } as const;

/**
 * The plain form `run [options] -- command args…`, read without the parser of the command line, which would take
 * longer than all the rest. `undefined` for anything else: the parser then does it, or says what is wrong.
 */
export function readPlainRequest(argv: readonly string[]): RunRequest | undefined {
  const end = argv.indexOf("--");
  const [command, ...args] = end < 0 ? [] : argv.slice(end + 1);
  if (argv[0] !== "run" || command === undefined || command === "") return undefined;
  const values: Partial<Record<"tool" | "virtualKey" | "connection", string>> = {};
  const envFiles: string[] = [];
  let onlyReferences = false;
  for (let at = 1; at < end; at++) {
    const [name, attached] = splitOnce(argv[at] ?? "");
    if (name === "--only-references" && attached === undefined) {
      onlyReferences = true;
      continue;
    }
    const value = attached ?? argv[++at];
    if (value === undefined || value === "" || at >= end) return undefined;
    if (name === "--env-file") envFiles.push(value);
    else if (Object.hasOwn(VALUES, name)) values[VALUES[name as keyof typeof VALUES]] = value;
    else return undefined;
  }
  return { command, args, ...values, envFiles, onlyReferences, real: false };
}

function splitOnce(option: string): [name: string, value?: string] {
  const mark = option.indexOf("=");
  return mark < 0 ? [option] : [option.slice(0, mark), option.slice(mark + 1)];
}
