/**
 * Asking providers about keys that were found, on request only. Decides which keys may be asked about and where; whoever
 * runs the scan brings the call itself, see {@link KeyCheck}.
 */
import type { Secret } from "../kernel/index.ts";
import { type Provider, PROVIDERS, type VerdictName } from "../providers/index.ts";
import type { Finding } from "./finding.ts";

/** One key, and the only place that it may be sent to. */
export interface KeyToVerify {
  readonly group: string;
  readonly provider: Provider;
  /** Of the provider's public service, or of the Azure resource that stands beside the key. */
  readonly baseUrl: string;
  readonly host: string;
  readonly secret: Secret;
}

export interface Verification {
  readonly host: string;
  /** `untested` when no answer came: that says nothing about the key. */
  readonly verdict: Exclude<VerdictName, "unreachable"> | "untested";
  readonly explanation: string;
}

/** Sends the key to its base URL and nowhere else, within a limited time. */
export type KeyCheck = (key: KeyToVerify) => Promise<{ verdict: VerdictName; explanation: string }>;

/**
 * The keys among findings that may be asked about, each once. Left out is what has no provider for certain, what is no
 * key for models (admin keys, logins of tools), what the vault holds (`ownkey keys test` knows its address), virtual keys,
 * and Azure's keys with no single resource beside them.
 */
export function keysToVerify(findings: Iterable<Finding>): KeyToVerify[] {
  const keys = new Map<string, KeyToVerify>();
  for (const finding of findings) {
    if (keys.has(finding.group)) continue;
    const key = keyToVerify(finding);
    if (key) keys.set(finding.group, key);
  }
  return [...keys.values()];
}

const PARALLEL_CHECKS = 4;

/** What was said about each key, by its group. Never rejects: a check that fails leaves its key untested. */
export async function verifyKeys(
  keys: readonly KeyToVerify[],
  check: KeyCheck,
): Promise<ReadonlyMap<string, Verification>> {
  const results = new Map<string, Verification>();
  const waiting = keys.values();
  const worker = async () => {
    for (const key of waiting) results.set(key.group, await verify(key, check));
  };
  await Promise.all(Array.from({ length: PARALLEL_CHECKS }, worker));
  return results;
}

async function verify(key: KeyToVerify, check: KeyCheck): Promise<Verification> {
  const { host } = key;
  try {
    const { verdict, explanation } = await check(key);
    return { host, verdict: verdict === "unreachable" ? "untested" : verdict, explanation };
  } catch {
    // The error may be about the value: nothing of it is repeated.
    return { host, verdict: "untested", explanation: "The provider could not be asked." };
  }
}

function keyToVerify({
  group,
  rule,
  provider: name,
  knownKey,
  endpoint,
  secret,
}: Finding): KeyToVerify | undefined {
  if (name === undefined || secret === undefined || knownKey !== undefined) return undefined;
  const provider = PROVIDERS.find((candidate) => (candidate.preset ?? candidate.id) === name);
  if (!provider) return undefined;
  const baseUrl = provider.id === "azure" ? azureBaseUrl(endpoint) : publicBaseUrl(provider, rule);
  return baseUrl === undefined
    ? undefined
    : { group, provider, baseUrl, host: new URL(baseUrl).host, secret };
}

function azureBaseUrl(endpoint: string | undefined): string | undefined {
  return endpoint === undefined ? undefined : `https://${endpoint}`;
}

function publicBaseUrl({ keyFormats, defaultBaseUrl }: Provider, rule: string): string | undefined {
  const isForModels = keyFormats.some(({ id, kind }) => id === rule && kind === "inference");
  return isForModels && defaultBaseUrl?.startsWith("https:") ? defaultBaseUrl : undefined;
}
