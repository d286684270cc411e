// What the tests of this room share: a context that records what is printed and which operations are called.
import type { ControlClient } from "../control/index.ts";
import type { CliContext } from "./context.ts";
import { runCli } from "./program.ts";

export interface Call {
  readonly name: string;
  readonly input: unknown;
}

export interface CliRun {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
  readonly calls: readonly Call[];
}

export interface CliRunOptions {
  /** Answers by operation; a function may throw. An operation without an answer fails the test. */
  readonly answers?: Readonly<Record<string, unknown>>;
  readonly stdin?: string;
  readonly context?: Partial<CliContext>;
}

/** Runs one command line against canned answers. */
export async function runCommand(argv: readonly string[], options: CliRunOptions = {}): Promise<CliRun> {
  const { answers = {}, stdin = "" } = options;
  const printed = { stdout: "", stderr: "" };
  const calls: Call[] = [];
  const call = (operation: { readonly name: string }, input: unknown): Promise<unknown> => {
    const { name } = operation;
    calls.push({ name, input });
    if (!(name in answers)) return Promise.reject(new Error(`no answer for ${name}`));
    const answer = answers[name];
    return Promise.resolve(
      typeof answer === "function" ? (answer as (input: unknown) => unknown)(input) : answer,
    );
  };
  const context: CliContext = {
    stdout: { write: (text) => void (printed.stdout += text) },
    stderr: { write: (text) => void (printed.stderr += text) },
    isUnread: () => false,
    interactive: false,
    colour: false,
    environment: {},
    workingDirectory: "/project",
    home: "/home",
    readStdin: () => Promise.resolve(stdin),
    stdin: () => new Blob([stdin]).stream(),
    readFile: (path) => `content of ${path}`,
    client: {
      call: (operation, input) => Promise.resolve().then(() => call(operation, input)),
    } as ControlClient,
    up: () => Promise.resolve(0),
    ensureRunning: () => Promise.resolve(),
    untilStopped: () => Promise.resolve(true),
    runProgram: () => Promise.resolve(0),
    writeFile: () => {},
    writeOut: (bytes) => void (printed.stdout += new TextDecoder().decode(bytes)),
    readBytes: (path) => new TextEncoder().encode(`content of ${path}`),
    programs: {
      service: () => Promise.resolve({ document: {}, lines: [], ok: true }),
      install: () => Promise.resolve({ document: {}, lines: [], ok: true }),
      uninstall: () => Promise.resolve({ document: {}, lines: [], ok: true }),
    },
    ...options.context,
  };
  const code = await runCli(argv, context);
  return { code, ...printed, calls };
}
