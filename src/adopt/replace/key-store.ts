/** Files that hold keys alone: the address that goes with a key stands in another file of the tool. */
import { dirname, join } from "node:path";
import type { Dialect } from "../../providers/index.ts";
import type { FileFormat, FileRequest } from "../../tools/index.ts";
import { connectionUrl, type KeyFile, type Lent, type Rewriter } from "./key-file.ts";

interface KeyStore {
  readonly tools: readonly string[];
  readonly file: RegExp;
  /** Where the address of the key at this place stands, and what is behind the gateway's; `undefined` when it has none. */
  readonly address: (at: readonly string[], dialect: Dialect) => Address | undefined;
  readonly settings: (file: KeyFile, lent: Lent) => string | undefined;
  readonly format: FileFormat;
}

interface Address {
  readonly at: readonly string[];
  readonly path: string;
}

const VERSIONED: Readonly<Record<Dialect, string>> = { openai: "/v1", anthropic: "/v1", google: "/v1beta" };

const beside = (name: string) => (file: KeyFile) => join(dirname(file.path), name);

/** The address' name by the key's, for stores without groups. */
function byName(
  names: Readonly<Record<string, readonly [name: string, dialect: Dialect, path: string]>>,
): KeyStore["address"] {
  return ([name = "", ...deeper], dialect) => {
    const found = Object.hasOwn(names, name) ? names[name] : undefined;
    return found && deeper.length === 0 && found[1] === dialect
      ? { at: [found[0]], path: found[2] }
      : undefined;
  };
}

/** As the tools' documentation or source has it (autumn 2026). */
const KEY_STORES: readonly KeyStore[] = [
  {
    tools: ["opencode", "kilo"],
    file: /[\\/]auth\.json$/,
    address: ([provider = "", name, ...deeper], dialect) =>
      name === "key" && deeper.length === 0
        ? { at: ["provider", provider, "options", "baseURL"], path: VERSIONED[dialect] }
        : undefined,
    settings: ({ tool = "" }, { settingsOf }) => settingsOf(tool),
    format: "jsonc",
  },
  {
    tools: ["codex"],
    file: /[\\/]auth\.json$/,
    address: byName({ OPENAI_API_KEY: ["openai_base_url", "openai", "/v1"] }),
    settings: beside("config.toml"),
    format: "toml",
  },
  {
    tools: ["goose"],
    file: /[\\/]secrets\.yaml$/,
    address: byName({
      OPENAI_API_KEY: ["OPENAI_HOST", "openai", ""],
      ANTHROPIC_API_KEY: ["ANTHROPIC_HOST", "anthropic", ""],
      GOOGLE_API_KEY: ["GOOGLE_HOST", "google", ""],
    }),
    settings: beside("config.yaml"),
    format: "yaml",
  },
  {
    tools: ["cline"],
    file: /[\\/]secrets\.json$/,
    address: byName({
      openAiApiKey: ["openAiBaseUrl", "openai", "/v1"],
      apiKey: ["anthropicBaseUrl", "anthropic", ""],
      geminiApiKey: ["geminiBaseUrl", "google", ""],
    }),
    settings: beside("globalState.json"),
    format: "jsonc",
  },
];

/** Gives the store a virtual key and sets the address where the tool reads it. */
export const rewriteKeyStore: Rewriter = (file, occurrence, lent) => {
  const { entry, key, start, end } = occurrence;
  const store = KEY_STORES.find((one) => one.tools.includes(file.tool ?? "") && one.file.test(file.path));
  if (!store || !entry) return undefined;
  const edits = [{ start, end, text: lent.virtualKey }];
  const address = store.address(entry.path, key.provider.dialect);
  const settings = store.settings(file, lent);
  if (address && settings !== undefined) {
    const baseUrl = connectionUrl(key, lent, address.path);
    const other: FileRequest = {
      path: settings,
      format: store.format,
      edits: [{ at: address.at, value: baseUrl }],
    };
    return { occurrence, way: "virtual_key", baseUrl, edits, others: [other] };
  }
  if (file.tool !== undefined && lent.isConnected(file.tool, key.provider)) {
    return { occurrence, way: "virtual_key", edits };
  }
  return {
    occurrence,
    why: "the tool takes no address for this provider",
    hint: `ownkey tools connect ${file.tool ?? ""}, then run ownkey adopt again`,
  };
};
