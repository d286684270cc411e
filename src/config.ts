/**
 * Settings, and the only place that reads the environment and the configuration file.
 *
 * One declared table gives `config list|get|set`, the reference in the docs and, later, the settings page. The value
 * in force is the first of: command line, environment, `config.jsonc`, default.
 */
import { existsSync, readFileSync } from "node:fs";
import { homedir, userInfo } from "node:os";
import { join } from "node:path";
import { applyEdits, modify, type ParseError, parse, printParseErrorCode } from "jsonc-parser";
import { homeOf } from "./home.ts";
import { assertPrivateIfPresent, writeDurable } from "./files/index.ts";
import { AppError, type Json, isJsonObject, LOG_LEVELS, type LogLevel } from "./kernel/index.ts";

export interface SettingDeclaration {
  readonly name: string;
  readonly type: "string" | "integer" | "boolean" | "list" | "choice";
  readonly choices?: readonly string[];
  readonly default: string | number | boolean | readonly string[] | null;
  /** Environment variable that overrides the file. */
  readonly variable: string | null;
  readonly needsRestart: boolean;
  /** The value is a secret or leads to one: shown as `[secret]`, and not settable in the file. */
  readonly secret?: boolean;
  readonly help: string;
  readonly minimum?: number;
  readonly maximum?: number;
}

export const SETTINGS = [
  setting(
    "host",
    "string",
    "127.0.0.1",
    "OWNKEY_HOST",
    "Address the data plane listens on; other than loopback needs TLS or insecureHttp.",
  ),
  setting("port", "integer", 7788, "OWNKEY_PORT", "Port of the data plane; 0 picks a free one.", {
    minimum: 0,
    maximum: 65535,
  }),
  setting(
    "uiPort",
    "integer",
    7789,
    null,
    "Port of the control API and page, on loopback only; 0 picks a free one.",
    { minimum: 0, maximum: 65535 },
  ),
  setting("allowHosts", "list", [], null, "Names besides loopback under which the data plane may be called."),
  setting(
    "publicUrl",
    "string",
    null,
    null,
    "URL under which others reach the data plane, when it is not the one listened on.",
  ),
  setting("tlsCert", "string", null, null, "Certificate chain (PEM file) for the data plane."),
  setting("tlsKey", "string", null, null, "Private key (PEM file) for the data plane."),
  setting("insecureHttp", "boolean", false, null, "Listen beyond loopback without TLS."),
  setting(
    "databaseUrl",
    "string",
    null,
    "OWNKEY_DATABASE_URL",
    "PostgreSQL instead of SQLite: postgres://…",
    { secret: true },
  ),
  setting(
    "passphraseFile",
    "string",
    null,
    "OWNKEY_PASSPHRASE_FILE",
    "File with the passphrase that unlocks the vault at start.",
  ),
  setting("log", "choice", "info", "OWNKEY_LOG", "What is logged.", { choices: LOG_LEVELS }),
  setting(
    "autoLockMinutes",
    "integer",
    0,
    null,
    "Minutes without management until the vault locks itself; 0 never.",
    { minimum: 0, maximum: 10_080 },
  ),
  setting("drainSeconds", "integer", 30, null, "How long a stop waits for streams under way.", {
    minimum: 0,
    maximum: 3600,
  }),
  setting("connectSeconds", "integer", 15, null, "How long connecting to a provider may take.", {
    minimum: 1,
    maximum: 600,
  }),
  setting(
    "silenceSeconds",
    "integer",
    900,
    null,
    "How long a provider may send nothing before the request is given up.",
    { minimum: 10, maximum: 86_400 },
  ),
  setting("testSeconds", "integer", 10, null, "How long a test of a key may take.", {
    minimum: 1,
    maximum: 120,
  }),
] as const satisfies readonly SettingDeclaration[];

export type SettingName = (typeof SETTINGS)[number]["name"];
export type SettingValue = string | number | boolean | readonly string[] | null;
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
  readonly connectSeconds: number;
  readonly silenceSeconds: number;
  readonly testSeconds: number;
  /** Where each value comes from. */
  readonly sources: Readonly<Record<SettingName, SettingSource>>;
}

export type Environment = Readonly<Record<string, string | undefined>>;

export interface ReadConfigOptions {
  readonly environment: Environment;
  /** Values given on the command line; they win. */
  readonly flags?: Partial<Record<SettingName, SettingValue>>;
}

/** @throws AppError `invalid_input` naming the setting, its source and what is allowed. */
export function readConfig({ environment, flags = {} }: ReadConfigOptions): Config {
  const home = homeOf(environment);
  const file = readConfigFile(configPath(home));
  const values: Record<string, SettingValue> = {};
  const sources: Record<string, SettingSource> = {};
  for (const declaration of SETTINGS) {
    const [value, source] = pick(declaration, environment, file, flags);
    values[declaration.name] = value;
    sources[declaration.name] = source;
  }
  return {
    home,
    userHome: environment["HOME"] ?? homedir(),
    user: userName(environment),
    platform: process.platform,
    ...values,
    sources,
  } as unknown as Config;
}

/** The operating system's name of the person, for the audit log; Bun takes it from the environment and may have none. */
export function userName(environment: Environment): string {
  const told = environment["USER"] ?? environment["LOGNAME"] ?? userInfo().username;
  return told === "unknown" || told === "" ? `uid-${process.getuid?.() ?? "unknown"}` : told;
}

export function configPath(home: string): string {
  return join(home, "config.jsonc");
}

/** Writes one setting into the file, keeping comments and formatting; `undefined` removes it. */
export function writeSetting(home: string, name: string, text: string | undefined): void {
  const declaration = declarationOf(name);
  if (declaration.secret) {
    throw new AppError("invalid_input", `"${name}" may hold a password and is not written to the file`, {
      hint: `set the variable ${declaration.variable ?? ""} instead`,
    });
  }
  const value = text === undefined ? undefined : parseSetting(declaration, text, "command line");
  const path = configPath(home);
  const before = existsSync(path) ? readFileSync(path, "utf8") : "{\n}\n";
  readConfigFile(path);
  const edits = modify(before, [name], value, { formattingOptions: { insertSpaces: true, tabSize: 2 } });
  writeDurable(path, applyEdits(before, edits));
}

export function declarationOf(name: string): SettingDeclaration {
  const declaration = SETTINGS.find((one) => one.name === name);
  if (declaration) return declaration;
  throw new AppError("not_found", `there is no setting "${name}"`, { hint: "ownkey config list shows all" });
}

function pick(
  declaration: SettingDeclaration,
  environment: Environment,
  file: Readonly<Record<string, Json>>,
  flags: Partial<Record<string, SettingValue>>,
): [SettingValue, SettingSource] {
  const flag = flags[declaration.name];
  if (flag !== undefined) return [checked(declaration, flag, "command line"), "command line"];
  const variable = declaration.variable === null ? undefined : environment[declaration.variable];
  if (variable !== undefined && variable !== "") {
    return [parseSetting(declaration, variable, "environment"), "environment"];
  }
  const written = file[declaration.name];
  if (written !== undefined && written !== null) {
    return [checked(declaration, written as SettingValue, "file"), "file"];
  }
  return [declaration.default, "default"];
}

function parseSetting(declaration: SettingDeclaration, text: string, source: SettingSource): SettingValue {
  switch (declaration.type) {
    case "integer":
      return checked(declaration, /^-?\d{1,9}$/.test(text) ? Number(text) : text, source);
    case "boolean":
      return checked(declaration, text === "true" ? true : text === "false" ? false : text, source);
    case "list":
      return text
        .split(",")
        .map((part) => part.trim())
        .filter((part) => part !== "");
    case "string":
    case "choice":
      return checked(declaration, text, source);
  }
}

function checked(declaration: SettingDeclaration, value: SettingValue, source: SettingSource): SettingValue {
  const { type, name } = declaration;
  const fits =
    type === "integer"
      ? Number.isInteger(value) &&
        Number(value) >= (declaration.minimum ?? -Infinity) &&
        Number(value) <= (declaration.maximum ?? Infinity)
      : type === "boolean"
        ? typeof value === "boolean"
        : type === "list"
          ? Array.isArray(value) && value.every((one) => typeof one === "string")
          : type === "choice"
            ? typeof value === "string" && (declaration.choices ?? []).includes(value)
            : typeof value === "string";
  if (fits) return value;
  throw new AppError(
    "invalid_input",
    `the setting "${name}" (from the ${source}) must be ${wanted(declaration)}`,
    {
      hint: `ownkey config set ${name} VALUE, or correct ${source === "environment" ? declaration.variable : source}`,
    },
  );
}

function wanted({ type, choices, minimum, maximum }: SettingDeclaration): string {
  switch (type) {
    case "integer":
      return `a whole number from ${minimum ?? "-∞"} to ${maximum ?? "∞"}`;
    case "boolean":
      return "true or false";
    case "list":
      return "a list of strings";
    case "choice":
      return `one of ${(choices ?? []).join(", ")}`;
    case "string":
      return "a string";
  }
}

function readConfigFile(path: string): Readonly<Record<string, Json>> {
  if (!existsSync(path)) return {};
  assertPrivateIfPresent(path);
  const errors: ParseError[] = [];
  const document: unknown = parse(readFileSync(path, "utf8"), errors, { allowTrailingComma: true });
  const [first] = errors;
  if (first) {
    throw new AppError(
      "invalid_input",
      `${path} is not valid JSONC: ${printParseErrorCode(first.error)} at offset ${first.offset}`,
      {
        hint: "correct the file; nothing was changed",
      },
    );
  }
  if (!isJsonObject(document)) throw new AppError("invalid_input", `${path} must hold one object`);
  for (const name of Object.keys(document)) declarationOf(name);
  return document;
}

function setting<const Name extends string>(
  name: Name,
  type: SettingDeclaration["type"],
  fallback: SettingDeclaration["default"],
  variable: string | null,
  help: string,
  more: Partial<SettingDeclaration> = {},
): SettingDeclaration & { readonly name: Name } {
  const needsRestart = name !== "testSeconds";
  return { ...more, name, type, default: fallback, variable, needsRestart, help };
}
