import { AppError } from "../kernel/index.ts";

/** What is started with the session. Both paths are absolute. */
export interface ServiceDefinition {
  /** The stable place that {@link installProgram} gives. */
  readonly program: string;
  /** OWNKEY_HOME. */
  readonly home: string;
}

/** Runs a program to its end, without a shell; never throws for an exit code. 127 when there is no such program. */
export type Run = (
  command: string,
  args: readonly string[],
) => Promise<{ readonly exitCode: number; readonly stdout: string; readonly stderr: string }>;

export interface ServiceOptions extends ServiceDefinition {
  /** As `process.platform` says. */
  readonly platform: string;
  readonly userHome: string;
  readonly userId: number;
  /** `XDG_CONFIG_HOME` if set. */
  readonly configDir?: string | undefined;
  readonly run: Run;
}

export interface ServiceStatus {
  /** The service manager's file, whether it exists or not. */
  readonly file: string;
  readonly installed: boolean;
  readonly running: boolean;
  /** What the user may want to do or know. */
  readonly notes: readonly string[];
}

/** Starts Ownkey with the user's session; nothing needs root. Installing twice replaces; uninstalling twice is harmless. */
export interface Service {
  install(): Promise<ServiceStatus>;
  uninstall(): Promise<ServiceStatus>;
  status(): Promise<ServiceStatus>;
}

/** @throws AppError `invalid_input`: no service manager's file can hold such a path reliably. */
export function refuseControlCharacters(path: string): void {
  if (!/[\0-\x1f\x7f]/.test(path)) return;
  throw new AppError(
    "invalid_input",
    "the program's or the home's path holds a line break or control character",
    {
      hint: "move it to a folder with a plain name",
    },
  );
}
