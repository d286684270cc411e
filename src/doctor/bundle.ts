import { arch, release, totalmem, type as systemName } from "node:os";
import { isJsonObject, type Json, maskSecrets } from "../kernel/index.ts";
import { SETTINGS } from "../settings/index.ts";

export interface BundleParts {
  readonly createdAt: string;
  readonly version: string;
  readonly outcomes: readonly Json[];
  /** What could be listed: status, connections, keys, without values. */
  readonly inventory: Readonly<Record<string, Json>>;
  readonly settings: readonly { readonly name: string; readonly value: Json; readonly source: string }[];
  /** Variables of the session; only their names get in. */
  readonly environment: Readonly<Record<string, string | undefined>>;
  /** The last lines of the log. */
  readonly log: readonly string[];
}

const MAY_HOLD_A_PASSWORD: ReadonlySet<string> = new Set(
  SETTINGS.filter(({ secret }) => secret === true).map(({ name }) => name),
);

/** Variables whose names tell something about a trouble. */
const TELLING =
  /^(?:OWNKEY|OPENAI|ANTHROPIC|GEMINI|GOOGLE|AZURE|CLAUDE|CODEX|COPILOT|XDG)_|PROXY$|proxy$|CERT|TLS|^(?:LANG|TERM|SHELL)$/;

/**
 * What somebody needs to help from afar, as one JSON document. It holds no key, no value of a variable, no prompt: what
 * could hold one is left out, and every text is masked besides.
 */
export function supportBundle(parts: BundleParts): string {
  const document = {
    format: "ownkey support bundle 1",
    createdAt: parts.createdAt,
    version: parts.version,
    system: {
      name: systemName(),
      release: release(),
      arch: arch(),
      memoryBytes: totalmem(),
      bun: Bun.version,
    },
    checks: parts.outcomes,
    inventory: parts.inventory,
    settings: parts.settings.map(({ name, value, source }) => ({
      name,
      source,
      value: MAY_HOLD_A_PASSWORD.has(name) && value !== null ? "[left out]" : value,
    })),
    variables: Object.keys(parts.environment)
      .filter((name) => TELLING.test(name))
      .sort(),
    log: parts.log,
  };
  return `${JSON.stringify(maskedAll(document), undefined, 2)}\n`;
}

/** Each text by itself, names of members as well: in the finished document a key could stand behind an escape. */
function maskedAll(value: Json): Json {
  if (typeof value === "string") return maskSecrets(value);
  if (Array.isArray(value)) return value.map(maskedAll);
  if (!isJsonObject(value)) return value;
  return Object.fromEntries(
    Object.entries(value).map(([name, member]) => [maskSecrets(name), maskedAll(member)]),
  );
}
