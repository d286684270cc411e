import type { ControlClient } from "../control/index.ts";
import type { Json } from "../kernel/index.ts";

/** What a command needs of the world; given by the process edge, replaced by tests. */
export interface CliContext {
  readonly stdout: Output;
  readonly stderr: Output;
  /** Whoever read standard output is gone (`| head`): who goes on until interrupted ends then. */
  isUnread(): boolean;
  /** A person sits there: prompts and colour are allowed. */
  readonly interactive: boolean;
  readonly colour: boolean;
  readonly environment: Readonly<Record<string, string | undefined>>;
  readonly workingDirectory: string;
  readonly home: string;
  /** Standard input to its end, at most 1 MiB. */
  readStdin(): Promise<string>;
  /** Standard input as bytes, whatever its size. */
  stdin(): AsyncIterable<Uint8Array>;
  readFile(path: string): string;
  /** Runs each operation where it belongs: in the running program when there is one, else in this process. */
  readonly client: ControlClient;
  /** Starts the program in this process and resolves with the exit code when it has stopped. */
  up(flags: UpFlags): Promise<number>;
  /**
   * Makes sure that the program runs: starts it in the background when it does not.
   * @throws AppError as its start tells: `no_usable_slot`, `address_in_use`, …
   */
  ensureRunning(): Promise<void>;
  /** Waits until no program runs on the home; false when one is still there after the time that a stop may take. */
  untilStopped(): Promise<boolean>;
  /** Runs a program with credentials; gives its exit code. */
  runProgram(request: RunRequest): Promise<number>;
  /** Bytes to standard output, as they are. */
  writeOut(bytes: Uint8Array): void;
  readBytes(path: string): Uint8Array;
  /** Replaces a file by one for the owner only. */
  writeFile(path: string, content: string | Uint8Array): void;
  readonly programs: Programs;
}

/** What `ownkey run` is asked for. */
export interface RunRequest {
  readonly command: string;
  readonly args: readonly string[];
  readonly tool?: string;
  readonly virtualKey?: string;
  readonly connection?: string;
  readonly envFiles: readonly string[];
  readonly onlyReferences: boolean;
  /** References become the keys themselves, and nothing else is set. */
  readonly real: boolean;
}

export interface Output {
  write(text: string): void;
}

export interface UpFlags {
  readonly host?: string;
  readonly port?: number;
  readonly uiPort?: number;
  readonly workers?: number;
  readonly tlsCert?: string;
  readonly tlsKey?: string;
  readonly allowHosts?: readonly string[];
  readonly publicUrl?: string;
  readonly insecureHttp?: boolean;
  readonly json: boolean;
  readonly detach: boolean;
  readonly acceptEpoch?: number;
}

/** Operating-system integration that is not an operation of the control API. */
export interface Programs {
  service(action: "install" | "uninstall" | "status"): Promise<ProgramReport>;
  install(): Promise<ProgramReport>;
  /** Takes away what `install` has put at its place; `runsFrom` is what the program is run from and stays. */
  uninstall(): Promise<ProgramReport>;
}

export interface ProgramReport {
  readonly document: { readonly [name: string]: Json };
  readonly lines: readonly string[];
  readonly ok: boolean;
}

/** Options that every command has. */
export interface CommonOptions {
  readonly json?: boolean;
}
