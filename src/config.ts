/**
 * The configuration in force, and the only place that reads the environment for it. Each value is the first of: command
 * line, environment, `config.jsonc`, default.
 */
import { homedir, userInfo } from "node:os";
import { homeOf } from "./home.ts";
import { AppError, type JsonObject, type LogLevel, toAppError } from "./kernel/index.ts";
import {
  checkSetting,
  parseSetting,
  readSettingsFile,
  type SettingDeclaration,
  type SettingName,
  SETTINGS,
  settingsPath,
  type SettingValue,
  unknownNames,
} from "./settings/index.ts";

export { SETTINGS, type SettingDeclaration, type SettingName, type SettingValue } from "./settings/index.ts";

export type SettingSource = "command line" | "environment" | "file" | "default";

export interface Config {
  /** The private folder, absolute. */
  readonly home: string;
  readonly userHome: string;
  readonly user: string;
  readonly platform: NodeJS.Platform;
  readonly host: string;
  readonly port: number;
  readonly uiPort: number;
  readonly workers: number;
  readonly allowHosts: readonly string[];
  readonly publicUrl: string | null;
  readonly tlsCert: string | null;
  readonly tlsKey: string | null;
  readonly insecureHttp: boolean;
  readonly databaseUrl: string | null;
  readonly passphraseFile: string | null;
  readonly log: LogLevel;
  readonly autoLockMinutes: number;
  readonly drainSeconds: number;
  readonly ledgerDays: number;
  readonly silenceSeconds: number;
  readonly bodyMemoryMb: number;
  readonly outputLimit: number;
  readonly outboundProxy: string | null;
  readonly testSeconds: number;
  readonly notifyCommand: readonly string[];
  readonly notifyWebhook: string | null;
  readonly notifyPrivate: boolean;
  /** What programs that Ownkey starts by itself see of the environment. */
  readonly programEnvironment: Readonly<Record<string, string>>;
  /** Where each value comes from. */
  readonly sources: Readonly<Record<SettingName, SettingSource>>;
  /** What is wrong in file and environment; only {@link readSoundConfig} gives any, with defaults in their place. */
  readonly problems: readonly AppError[];
}

export type Environment = Readonly<Record<string, string | undefined>>;

export interface ReadConfigOptions {
  readonly environment: Environment;
  /** Values given on the command line; they win. */
  readonly flags?: Partial<Record<SettingName, SettingValue>>;
}

/** @throws AppError `invalid_input` naming the setting, where it stands and what is allowed. */
export function readConfig(options: ReadConfigOptions): Config {
  const config = readSoundConfig(options);
  const [first] = config.problems;
  if (first) throw first;
  return config;
}

/** What is sound of the configuration, so that the rest can be looked at and mended. */
export function readSoundConfig({ environment, flags = {} }: ReadConfigOptions): Config {
  const home = homeOf(environment);
  const problems: AppError[] = [];
  const attempt = <Value>(work: () => Value, otherwise: Value): Value => {
    try {
      return work();
    } catch (error) {
      problems.push(toAppError(error));
      return otherwise;
    }
  };
  const path = settingsPath(home);
  const file = attempt(() => readSettingsFile(home), {});
  problems.push(...unknownNames(file).map((name) => unknownName(path, name)));
  const picked = SETTINGS.map((declaration) => {
    const fallback: Picked = [declaration.default, "default"];
    return [
      declaration.name,
      attempt(() => pick(declaration, { environment, file, flags, path }), fallback),
    ] as const;
  });
  // Each value was checked against its declaration; the table and the interface above name the same settings.
  const values = Object.fromEntries(picked.map(([name, [value]]) => [name, value])) as Pick<
    Config,
    SettingName
  >;
  const sources = Object.fromEntries(picked.map(([name, [, source]]) => [name, source])) as Config["sources"];
  return {
    home,
    userHome: environment["HOME"] ?? homedir(),
    user: userName(environment),
    platform: process.platform,
    programEnvironment: programEnvironment(environment),
    ...values,
    // Whoever asks for any free port wants to be in nobody's way.
    uiPort: values.port === 0 && sources.uiPort === "default" ? 0 : values.uiPort,
    sources,
    problems,
  };
}

/** Enough to find programs and to reach the desktop; nothing that may hold a secret. */
const PROGRAM_VARIABLES = ["PATH", "HOME", "USER", "LOGNAME", "LANG", "LC_ALL", "TZ", "TMPDIR"] as const;
const DESKTOP_VARIABLES = [
  "DISPLAY",
  "WAYLAND_DISPLAY",
  "XAUTHORITY",
  "XDG_RUNTIME_DIR",
  "DBUS_SESSION_BUS_ADDRESS",
] as const;

function programEnvironment(environment: Environment): Record<string, string> {
  const names = [...PROGRAM_VARIABLES, ...DESKTOP_VARIABLES];
  const present = names.map((name) => [name, environment[name]] as const);
  return Object.fromEntries(
    present.filter((entry): entry is [(typeof names)[number], string] => entry[1] !== undefined),
  );
}

/** The operating system's name of the person, for the audit log; Bun takes it from the environment and may have none. */
export function userName(environment: Environment): string {
  const told = environment["USER"] ?? environment["LOGNAME"] ?? userInfo().username;
  return told === "unknown" || told === "" ? `uid-${process.getuid?.() ?? "unknown"}` : told;
}

type Picked = readonly [value: SettingValue, source: SettingSource];

interface Places {
  readonly environment: Environment;
  readonly file: JsonObject;
  readonly flags: Partial<Record<string, SettingValue>>;
  readonly path: string;
}

function pick(declaration: SettingDeclaration, { environment, file, flags, path }: Places): Picked {
  const { name, variable } = declaration;
  const flag = flags[name];
  if (flag !== undefined) return [checkSetting(declaration, flag, "the command line"), "command line"];
  const told = variable === null ? undefined : environment[variable];
  if (told !== undefined && told !== "") {
    return [parseSetting(declaration, told, `the variable ${variable}`), "environment"];
  }
  const written = file[name];
  if (written === undefined || written === null) return [declaration.default, "default"];
  if (declaration.secret) throw notInFile(declaration, path);
  return [checkSetting(declaration, written, path), "file"];
}

function unknownName(path: string, name: string): AppError {
  return new AppError("invalid_input", `${path} holds "${name}", which is no setting`, {
    hint: `ownkey config list shows all; this takes it out: ownkey config set ${name}`,
  });
}

function notInFile({ name, variable }: SettingDeclaration, path: string): AppError {
  return new AppError("invalid_input", `"${name}" may hold a password and is not read from ${path}`, {
    hint: `take it out of there (ownkey config set ${name}), and set the variable ${variable ?? ""} instead`,
  });
}
