import { type Exposure, EXPOSURES } from "../../connections/index.ts";
import { checkKeyLocally, normaliseSettings, resolveProviderName } from "../../providers/index.ts";
import type { SurveyFinding } from "../../scan/index.ts";
import type { Candidate, KeyPlace, NotTaken } from "./candidate.ts";
import { FileTexts } from "./file-texts.ts";
import { type Owner, ownerOf } from "./owner.ts";

export interface Candidates {
  readonly keys: readonly Candidate[];
  readonly notTaken: readonly NotTaken[];
}

export interface CandidatesOptions {
  /** Provider or preset → where its keys belong to, when that is not its own address. */
  readonly baseUrls: ReadonlyMap<string, string>;
}

/**
 * The provider keys among the findings of a scan, each once with all its places. Logins of subscriptions, keys that
 * manage keys, and secrets of other services are none of them. Reads the files for what stands beside a key.
 */
export function candidatesOf(findings: readonly SurveyFinding[], options: CandidatesOptions): Candidates {
  const texts = new FileTexts();
  const keys: Candidate[] = [];
  const notTaken: NotTaken[] = [];
  for (const group of Map.groupBy(findings, (finding) => finding.group).values()) {
    const secrets = group.filter(({ rule, secret }) => secret !== undefined && !rule.startsWith("settings/"));
    const [first] = secrets;
    if (!first?.secret || isOwn(first.secret.reveal())) continue;
    const told = { title: first.title, masked: first.masked, places: secrets.map(placeOf) };
    const owner = ownerOf(secrets, texts);
    if (!owner) {
      if (first.provider !== undefined || first.rule.includes("provider")) {
        notTaken.push({
          ...told,
          why: "whose key it is cannot be told",
          hint: "add it by hand: ownkey keys add",
        });
      }
      continue;
    }
    const refusal = refusalOf(first.secret.reveal(), owner, options);
    if (refusal) notTaken.push({ ...told, ...refusal });
    else {
      const settings = settingsOf(owner, options);
      const knownAs = secrets.find(({ knownKey }) => knownKey !== undefined)?.knownKey;
      keys.push({
        ...told,
        ...(knownAs === undefined ? {} : { knownAs }),
        value: first.secret,
        provider: owner.provider,
        settings,
        exposed: exposureOf(group),
      });
    }
  }
  return { keys, notTaken };
}

/** What stands in a file instead of a key has the name of one. */
function isOwn(value: string): boolean {
  return value.startsWith("sk-ownkey-");
}

function placeOf({ origin, file, line, form, tool, place }: SurveyFinding): KeyPlace {
  const commit = origin.commit === undefined ? "" : ` in commit ${origin.commit.slice(0, 10)}`;
  return {
    path: `${origin.path}${commit}`,
    file,
    line,
    form,
    tool,
    format: place?.format,
    purpose: place?.purpose,
  };
}

/** An address that stands beside the key says more than where other keys of its provider go. */
function settingsOf({ provider, settings }: Owner, { baseUrls }: CandidatesOptions): Owner["settings"] {
  const baseUrl = baseUrls.get(provider);
  return baseUrl === undefined ? settings : { baseUrl, ...settings };
}

/** What a provider's key is not, by its looks alone; all else its provider is asked. */
function refusalOf(
  value: string,
  owner: Owner,
  options: CandidatesOptions,
): { why: string; hint: string } | undefined {
  const { provider } = resolveProviderName(owner.provider);
  const settings = lookedAt(owner, options);
  const { problems } = checkKeyLocally(provider, value, { kind: "inference", settings });
  const refused = problems.find(({ severity }) => severity === "refuse");
  if (!refused) return undefined;
  const hint =
    refused.code === "oauth_token"
      ? "it belongs to the tool that has it; logins of subscriptions are never taken"
      : refused.hint;
  return { why: refused.message, hint };
}

/** Settings that are incomplete are told of later, with what is missing. */
function lookedAt(owner: Owner, options: CandidatesOptions) {
  try {
    return normaliseSettings(resolveProviderName(owner.provider).provider, settingsOf(owner, options))
      .settings;
  } catch {
    return { baseUrl: "" };
  }
}

/** Where others could have read it, by all that the scan has found about the key. */
function exposureOf(group: readonly SurveyFinding[]): Exposure[] {
  const found = new Set(group.flatMap(exposuresOf));
  return EXPOSURES.filter((exposure) => found.has(exposure));
}

const BY_RULE: Readonly<Record<string, Exposure>> = {
  "settings/tracked": "git",
  "settings/synced": "synced",
  "settings/published": "published",
};

function exposuresOf({ rule, origin, place }: SurveyFinding): Exposure[] {
  const byRule = BY_RULE[rule];
  return [
    ...(byRule === undefined ? [] : [byRule]),
    ...(origin.kind === "git" || origin.kind === "staged" || origin.readers === "repository"
      ? (["git"] as const)
      : []),
    ...(place?.synced === undefined ? [] : (["synced"] as const)),
    ...(origin.readers === "group" || origin.readers === "everyone" ? (["readable"] as const) : []),
  ];
}
