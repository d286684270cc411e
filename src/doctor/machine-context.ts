import type { Clock } from "../kernel/index.ts";
import type { Run } from "../service/index.ts";
import type { Keychain } from "../vault/index.ts";

/** What the checks of the machine work with. None of them needs the home opened, or to be there at all. */
export interface MachineContext {
  readonly home: string;
  readonly userHome: string;
  readonly platform: string;
  readonly userId: number | undefined;
  readonly version: string;
  readonly clock: Clock;
  /** Of the session that asks: tools started from it get the same. */
  readonly environment: Readonly<Record<string, string | undefined>>;
  /** A setting in force, by name. */
  readonly setting: (name: string) => unknown;
  /** What is wrong in the settings, in words. */
  readonly settingProblems: readonly string[];
  readonly program: ProgramFacts;
  readonly keychain: Keychain | undefined;
  /** Bytes that this user may still write where the path is. */
  readonly freeBytes: (path: string) => number | undefined;
  /** Whether something takes connections there. */
  readonly listens: (host: string, port: number) => Promise<boolean>;
  /** Who does, in words: `another program`. */
  readonly holder: (host: string, port: number) => Promise<string>;
  /** Without a proxy. */
  readonly fetch: (
    url: string,
    headers?: Readonly<Record<string, string>>,
  ) => Promise<{ readonly status: number; readonly body: string }>;
  readonly run: Run;
}

/** The running program, as its files and its lock tell. */
export interface ProgramFacts {
  /** What it wrote about itself; may be left over. */
  readonly told:
    | {
        readonly url: string;
        readonly ui: string;
        readonly pid: number;
        readonly version: string;
        readonly socket: string;
      }
    | undefined;
  /** Somebody holds the place of the running program. */
  readonly placeTaken: boolean;
  readonly answers: boolean;
}
