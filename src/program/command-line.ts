/** The edge between the command line and the operating system: terminal, files, and which client answers. */
import { existsSync, readFileSync } from "node:fs";
import { join, resolve } from "node:path";
import type { Caller } from "../access/index.ts";
import { type App, isHomeMade, offlineControl, openApp, type OpenAppOptions, openNoHome } from "../app.ts";
import { type CliContext, printError, type Programs, runCli, type UpFlags } from "../cli/index.ts";
import {
  type Config,
  type Environment,
  readConfig,
  readSoundConfig,
  userName,
  type SettingName,
  type SettingValue,
} from "../config.ts";
import {
  answeringProgram,
  type ControlClient,
  createLocalClient,
  createOfflineClient,
  createSocketClient,
  type Operation,
  type VaultKeys,
} from "../control/index.ts";
import { writeNamed } from "../files/index.ts";
import { homeOf } from "../home.ts";
import { AppError, Secret, silentLog, toAppError } from "../kernel/index.ts";
import { remembersVault } from "../vault/index.ts";
import { unlockFromFile } from "./passphrase-file.ts";
import { startDetached } from "./detach.ts";
import { untilPlaceIsFree } from "./place.ts";
import { up } from "./up.ts";

/** What closing takes after streams have ended, on a slow machine. */
const CLOSES_WITHIN_MS = 10_000;

const USUAL_COLUMNS = 80;

const LARGEST_STDIN_BYTES = 1024 * 1024;

/** Runs one command line; gives the exit code. `umask` is for programs that are started. */
export async function runMain(
  argv: readonly string[],
  environment: Environment,
  umask: number,
): Promise<number> {
  const edge = new Edge(argv, environment, umask);
  try {
    const code = await runCli(argv, edge.context);
    // Who leaves is not told how to begin.
    if (!argv.includes("--json") && argv[0] !== "eject") edge.tellNoHome();
    return code;
  } catch (error) {
    return printError(edge.context, toAppError(error), argv.includes("--json"));
  } finally {
    await edge.close();
  }
}

class Edge {
  readonly context: CliContext;
  readonly #environment: Environment;
  readonly #caller: Caller;
  #isUnread = false;
  readonly #json: boolean;
  #config: Config | undefined;
  #app: App | undefined;
  #noHome: Pick<App, "control" | "close"> | undefined;

  constructor(argv: readonly string[], environment: Environment, umask: number) {
    this.#environment = environment;
    this.#caller = { kind: "cli", user: userName(environment) };
    const json = (this.#json = argv.includes("--json"));
    const interactive = process.stdin.isTTY && process.stdout.isTTY && !json;
    // A terminal that a program made may not say how wide it is: prompts would break after each character.
    if (interactive && process.stdout.columns === 0) process.stdout.columns = USUAL_COLUMNS;
    const home = homeOf(environment);
    // What is still said is said to nobody, and what is being done is done.
    for (const output of [process.stdout, process.stderr]) {
      output.on("error", () => (this.#isUnread ||= output === process.stdout));
    }
    this.context = {
      stdout: process.stdout,
      stderr: process.stderr,
      isUnread: () => this.#isUnread,
      interactive,
      colour: process.stdout.isTTY && (environment["NO_COLOR"] ?? "") === "" && !json,
      environment,
      workingDirectory: process.cwd(),
      home,
      readStdin,
      stdin: () => Bun.stdin.stream(),
      readFile: (path) => readUserFile(path),
      client: {
        call: async (operation, input) => await (await this.#clientFor(operation)).call(operation, input),
      },
      up: (flags) =>
        up({
          config: readConfig({ environment, flags: settingsOf(flags) }),
          flags,
          argv,
          context: this.context,
        }),
      ensureRunning: async () => {
        const { running, isNew } = await startDetached(home, ["up"]);
        // Tools that run `ownkey token` show people what it writes.
        if (isNew && interactive) this.#tellOwner(running.statement);
      },
      untilStopped: () =>
        untilPlaceIsFree(home, readSoundConfig({ environment }).drainSeconds * 1000 + CLOSES_WITHIN_MS),
      runProgram: async (request) => {
        const { runProgram } = await import("./run/program-runner.ts");
        return await runProgram(this.context, request, { environment, umask });
      },
      writeOut: (bytes) => void process.stdout.write(bytes),
      readBytes: (path) => readUserBytes(path),
      writeFile: (path, content) => writeNamed(path, content),
      programs: {
        service: async (action) => await (await this.#programs()).service(action),
        install: async () => await (await this.#programs()).install(),
        uninstall: async () => await (await this.#programs()).uninstall(),
      },
    };
  }

  get #options(): OpenAppOptions {
    return { storeMode: "inline", caller: this.#caller, log: silentLog };
  }

  config(): Config {
    this.#config ??= readConfig({ environment: this.#environment });
    return this.#config;
  }

  /** Why so little was found, and what to do first. */
  tellNoHome(): void {
    if (!this.#noHome || this.#app) return;
    const { home, stderr } = this.context;
    stderr.write(`there is no vault yet at ${home}; begin with: ownkey init, or ownkey keys add PROVIDER\n`);
  }

  async #programs(): Promise<Programs> {
    const { createPrograms } = await import("./system.ts");
    return createPrograms(() => this.config(), this.#environment);
  }

  async close(): Promise<void> {
    await this.#app?.close();
    await this.#noHome?.close();
  }

  async #clientFor({
    place,
    withoutHome,
    mendsSettings,
  }: Pick<Operation, "place" | "withoutHome" | "mendsSettings">): Promise<ControlClient> {
    if (mendsSettings) this.#config ??= readSoundConfig({ environment: this.#environment });
    if (place === "offline") {
      const control = { ...offlineControl(this.config()), vaultKeys: () => this.#vaultKeys() };
      return createOfflineClient(control, this.#caller);
    }
    const running = place === "own-process" ? undefined : await this.#runningClient();
    if (running) return running;
    if (place === "running") {
      throw new AppError("not_running", "no Ownkey is running on this home", {
        hint: "start it with: ownkey up --detach",
      });
    }
    return (withoutHome ? await this.#clientWithoutHome() : undefined) ?? (await this.#localClient());
  }

  /** `undefined` when the home was made. Looked at for each operation: another program may make it meanwhile. */
  async #clientWithoutHome(): Promise<ControlClient | undefined> {
    if (this.#app || (await isHomeMade(this.config(), this.#options))) return undefined;
    const { control } = (this.#noHome ??= await openNoHome(this.config(), this.#options));
    return createLocalClient({ control, caller: this.#caller, unlock: async () => {} });
  }

  /** A home that cannot be opened is told of, and is no reason not to scan. */
  async #vaultKeys(): Promise<VaultKeys | undefined> {
    const { home } = this.context;
    // In PostgreSQL there is a vault of this home's when it has been seen here: then none is ever made.
    const hasVault =
      this.config().databaseUrl === null ? existsSync(join(home, "control.db")) : remembersVault(home);
    if (!hasVault) return undefined;
    try {
      await this.#localClient();
      const { vaultKeys } = await import("./vault-keys.ts");
      return this.#app && (await vaultKeys(this.#app.control, this.#caller));
    } catch (error) {
      return { problem: `its keys are found by their format only: ${toAppError(error).message}` };
    }
  }

  async #runningClient(): Promise<ControlClient | undefined> {
    const running = await answeringProgram(this.context.home);
    return running && createSocketClient(running.socket);
  }

  async #localClient(): Promise<ControlClient> {
    const app = (this.#app ??= await this.#open());
    return createLocalClient({ control: app.control, caller: this.#caller, unlock: () => this.#unlock(app) });
  }

  async #open(): Promise<App> {
    const app = await openApp(this.config(), this.#options);
    this.#tellOwner(app.statement);
    return app;
  }

  /** Once, beside what a command prints for people: a script that made the vault reads documents. */
  #tellOwner(statement: string | undefined): void {
    if (statement === undefined || this.#json) return;
    this.context.stderr.write(`${statement}\n\n`);
  }

  /** What needs nobody was tried when the app was opened; now a person is asked, if there is one. */
  async #unlock(app: App): Promise<void> {
    if (await unlockFromFile(app, this.config(), this.#caller)) return;
    if (!this.context.interactive) {
      throw new AppError(
        "vault_locked",
        "the vault is locked and there is no terminal to ask for the passphrase",
        {
          hint: "set OWNKEY_PASSPHRASE_FILE, or run: ownkey up --detach, then ownkey unlock --passphrase-stdin",
        },
      );
    }
    const { askSecret } = await import("../cli/index.ts");
    const passphrase = new Secret(await askSecret(this.context, "Passphrase of the vault:", ""));
    await app.control.vault.unlock(this.#caller, { kind: "passphrase", passphrase });
  }
}

function settingsOf({
  json: _json,
  detach: _detach,
  acceptEpoch: _epoch,
  tlsCert,
  tlsKey,
  ...flags
}: UpFlags) {
  const paths = {
    ...(tlsCert === undefined ? {} : { tlsCert: resolve(tlsCert) }),
    ...(tlsKey === undefined ? {} : { tlsKey: resolve(tlsKey) }),
  };
  return { ...flags, ...paths } satisfies Partial<Record<SettingName, SettingValue>>;
}

async function readStdin(): Promise<string> {
  let text = "";
  let sizeBytes = 0;
  const decoder = new TextDecoder("utf-8", { fatal: true });
  try {
    for await (const chunk of Bun.stdin.stream()) {
      sizeBytes += chunk.length;
      if (sizeBytes > LARGEST_STDIN_BYTES) {
        throw new AppError("too_large", "standard input is larger than 1 MiB");
      }
      text += decoder.decode(chunk, { stream: true });
    }
    return text + decoder.decode();
  } catch (error) {
    if (error instanceof TypeError) throw new AppError("invalid_input", "standard input is not UTF-8 text");
    throw error;
  }
}

function readUserFile(path: string): string {
  return readUserBytes(path).toString("utf8");
}

function readUserBytes(path: string): Buffer {
  try {
    return readFileSync(path);
  } catch (error) {
    throw new AppError("not_found", `${path} cannot be read`, {
      hint: "check the path and its permissions",
      cause: error,
    });
  }
}
