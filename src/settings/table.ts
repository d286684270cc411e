import { AppError, LOG_LEVELS } from "../kernel/index.ts";
import type { SettingDeclaration } from "./declaration.ts";

/** Every setting, once: `config list|get|set`, the reference in the docs and later the settings page come from here. */
export const SETTINGS = [
  setting("host", "string", "127.0.0.1", {
    variable: "OWNKEY_HOST",
    help: "Address the data plane listens on; other than loopback needs TLS or insecureHttp.",
  }),
  setting("port", "integer", 7788, {
    variable: "OWNKEY_PORT",
    help: "Port of the data plane; 0 picks a free one.",
    minimum: 0,
    maximum: 65_535,
  }),
  setting("uiPort", "integer", 7789, {
    help: "Port of the control API and page, on loopback only; 0, or no value while port is 0, picks a free one.",
    minimum: 0,
    maximum: 65_535,
  }),
  setting("workers", "integer", 1, {
    help: "Gateway processes that share the data plane's port; more than one on Linux only.",
    minimum: 1,
    maximum: 64,
  }),
  setting("allowHosts", "list", [], {
    help: "Names besides loopback under which the data plane may be called.",
    ofHosts: true,
  }),
  setting("publicUrl", "url", null, {
    help: "URL under which others reach the data plane, when it is not the one listened on.",
  }),
  setting("tlsCert", "string", null, { help: "Certificate chain (PEM file) for the data plane." }),
  setting("tlsKey", "string", null, { help: "Private key (PEM file) for the data plane." }),
  setting("insecureHttp", "boolean", false, { help: "Listen beyond loopback without TLS." }),
  setting("databaseUrl", "string", null, {
    variable: "OWNKEY_DATABASE_URL",
    help: "PostgreSQL instead of SQLite: postgres://…",
    secret: true,
  }),
  setting("passphraseFile", "string", null, {
    variable: "OWNKEY_PASSPHRASE_FILE",
    help: "File with the passphrase that unlocks the vault at start.",
  }),
  setting("log", "choice", "info", {
    variable: "OWNKEY_LOG",
    help: "What is logged.",
    choices: LOG_LEVELS,
  }),
  setting("autoLockMinutes", "integer", 0, {
    help: "Minutes without management until the vault locks itself; 0 never.",
    minimum: 0,
    maximum: 10_080,
  }),
  setting("drainSeconds", "integer", 30, {
    help: "How long a stop waits for streams under way.",
    minimum: 0,
    maximum: 3600,
  }),
  setting("ledgerDays", "integer", 90, {
    help: "Days for which the ledger keeps a row for each request; older ones are kept as daily sums.",
    minimum: 7,
    maximum: 3650,
  }),
  setting("silenceSeconds", "integer", 900, {
    help: "How long a provider may send nothing before the request is given up.",
    minimum: 10,
    maximum: 86_400,
  }),
  setting("bodyMemoryMb", "integer", 512, {
    help: "MiB of memory for all request bodies together; of several processes each has its part, at least 32.",
    minimum: 32,
    maximum: 1_048_576,
  }),
  setting("outputLimit", "integer", 32_768, {
    help: "Output tokens that a request under a hard budget may have when it sets no limit itself.",
    minimum: 16,
    maximum: 1_000_000,
  }),
  setting("outboundProxy", "url", null, {
    help: "Proxy for Ownkey's own https calls (tests of keys, lists of models), http://HOST:PORT; variables do not count.",
  }),
  setting("testSeconds", "integer", 10, {
    help: "How long a test of a key may take.",
    minimum: 1,
    maximum: 120,
  }),
  setting("notifyCommand", "list", [], {
    help: "Program and arguments that alerts are given to, as JSON on standard input; no shell reads them.",
  }),
  setting("notifyWebhook", "url", null, {
    help: "URL that alerts are posted to, signed (ownkey notify secret new); put no secret into it.",
    tlsBeyondLoopback: true,
  }),
  setting("notifyPrivate", "boolean", false, {
    help: "Whether notifyWebhook may lead to a private address.",
  }),
] as const satisfies readonly SettingDeclaration[];

export type SettingName = (typeof SETTINGS)[number]["name"];

/** @throws AppError `not_found`. */
export function declarationOf(name: string): SettingDeclaration {
  const declaration = SETTINGS.find((one) => one.name === name);
  if (declaration) return declaration;
  throw new AppError("not_found", `there is no setting "${name}"`, { hint: "ownkey config list shows all" });
}

type More = Partial<SettingDeclaration> & Pick<SettingDeclaration, "help">;

function setting<const Name extends string>(
  name: Name,
  type: SettingDeclaration["type"],
  fallback: SettingDeclaration["default"],
  more: More,
): SettingDeclaration & { readonly name: Name } {
  return { variable: null, needsRestart: true, ...more, name, type, default: fallback };
}
