import { AppError } from "../kernel/index.ts";
import { anthropic } from "./anthropic/provider.ts";
import { azure } from "./azure/provider.ts";
import { google } from "./google/provider.ts";
import { PRESETS } from "./openai-compatible/presets.ts";
import { openaiCompatible, presetProvider } from "./openai-compatible/provider.ts";
import { openai } from "./openai/provider.ts";
import type { Provider, ProviderId, RouteRule } from "./provider.ts";
import { compileRoutes, type RouteMatcher } from "./route-match.ts";

const BY_ID: Readonly<Record<ProviderId, Provider>> = {
  openai,
  anthropic,
  azure,
  google,
  "openai-compatible": openaiCompatible,
};

const BY_PRESET: ReadonlyMap<string, Provider> = new Map(
  PRESETS.map((preset) => [preset.name, presetProvider(preset)]),
);

/** The five providers and every preset, in the order in which people are shown them. */
export const PROVIDERS: readonly Provider[] = [...Object.values(BY_ID), ...BY_PRESET.values()];

/** Made when first asked for: most commands, and the hook before each commit, ask for none. */
const matchers = new WeakMap<Provider, RouteMatcher>();

/** The provider of a connection. A preset that this version does not know is served as any compatible server. */
export function providerById(id: ProviderId, preset: string | null = null): Provider {
  return (preset === null ? undefined : BY_PRESET.get(preset)) ?? BY_ID[id];
}

export interface ResolvedProvider {
  /** With the preset's base URL, links, key formats and test call, when the name is a preset's. */
  readonly provider: Provider;
  readonly preset: string | null;
}

/** By id, alias or preset, whatever the case. @throws AppError `not_found` listing the names. */
export function resolveProviderName(name: string): ResolvedProvider {
  const wanted = name.trim().toLowerCase();
  const provider =
    PROVIDERS.find((candidate) => (candidate.preset ?? candidate.id) === wanted) ??
    PROVIDERS.find((candidate) => candidate.aliases.includes(wanted));
  if (!provider) {
    throw new AppError("not_found", "there is no provider of that name", {
      hint: `use one of: ${providerNames().join(", ")}`,
      details: { known: providerNames() },
    });
  }
  return { provider, preset: provider.preset };
}

/** Ids, then aliases and presets: what `keys add` takes. */
export function providerNames(): string[] {
  return [
    ...PROVIDERS.map((provider) => provider.preset ?? provider.id),
    ...PROVIDERS.flatMap((provider) => provider.aliases),
  ];
}

/**
 * What a provider makes of a method and a canonical path: its first matching rule, `denied` for what is never
 * carried, `undefined` for what only `--paths` of a virtual key can open.
 */
export function matchRoute(
  provider: Provider,
  method: string,
  path: string,
): RouteRule | "denied" | undefined {
  return matcherOf(provider).match(method, path);
}

function matcherOf(provider: Provider): RouteMatcher {
  const made = matchers.get(provider);
  if (made !== undefined) return made;
  const matcher = compileRoutes(provider);
  matchers.set(provider, matcher);
  return matcher;
}
