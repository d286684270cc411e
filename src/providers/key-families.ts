import type { KeyFormat, Provider } from "./provider.ts";
import { PROVIDERS } from "./registry.ts";

/** A format and whose it is; `undefined` for credentials that are no provider's key. */
export interface KnownFormat {
  readonly owner: Provider | undefined;
  readonly format: KeyFormat;
}

/** Credentials that get pasted as keys and are none of any provider here. */
const STRANGERS: readonly KeyFormat[] = [
  stranger("bedrock", "ABSK", /^ABSK[A-Za-z0-9+/=]{80,300}$/, "AWS Bedrock key"),
  stranger(
    "bedrock-short",
    "bedrock-api-key-",
    /^bedrock-api-key-\S{20,2000}$/,
    "short-lived AWS Bedrock key",
  ),
  stranger("github-fine", "github_pat_", /^github_pat_\w{20,120}$/, "GitHub token"),
  stranger("github", "ghp_", /^ghp_\w{20,80}$/, "GitHub token"),
  stranger("github-oauth", "gho_", /^gho_\w{20,80}$/, "GitHub login"),
  stranger("jwt", "eyJ", /^eyJ[\w-]+\.[\w-]+\.[\w-]*$/, "signed login token (JWT)"),
];

const ALL: readonly KnownFormat[] = [
  ...PROVIDERS.flatMap((owner) => owner.keyFormats.map((format) => ({ owner, format }))),
  ...STRANGERS.map((format) => ({ owner: undefined, format })),
].filter(({ format }) => format.prefix !== "");

/** The formats whose prefix fits longest; several when providers share a prefix. */
export function bestFormats(value: string): readonly KnownFormat[] {
  const fitting = ALL.filter(({ format }) => value.startsWith(format.prefix));
  const longest = Math.max(0, ...fitting.map(({ format }) => format.prefix.length));
  return fitting.filter(({ format }) => format.prefix.length === longest);
}

/** Every provider that a value may belong to by its prefix: for offering a choice, never for trying them out. */
export function possibleOwners(value: string): readonly Provider[] {
  const owners = bestFormats(value).map(({ owner }) => owner);
  return [...new Set(owners.filter((owner) => owner !== undefined))];
}

function stranger(id: string, prefix: string, pattern: RegExp, title: string): KeyFormat {
  return { id, kind: "cloud", prefix, pattern, title };
}
