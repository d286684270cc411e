/** Keys in variables, be it those of a session or of a dotenv file: the providers know what their variables are called. */
import { Secret } from "../../kernel/index.ts";
import { type Provider, PROVIDERS, type SettingsInput, type VariableSetting } from "../../providers/index.ts";
import { providerAt } from "./provider-at.ts";
import type { ReadKey, ReadKeys, Variables } from "./read-key.ts";

/** The keys that the variables of known providers hold, with the settings that stand beside them. */
export function readVariableKeys(variables: Variables): ReadKeys {
  const notes: string[] = [];
  const keys = Object.entries(variables).flatMap(([name, value]): ReadKey[] => {
    const provider = providerOfVariable(name);
    if (!provider || value === undefined || value.trim() === "") return [];
    if (value.trim().startsWith("sk-ownkey-")) {
      notes.push(`${name} holds one of Ownkey's own virtual keys`);
      return [];
    }
    const settings = settingsBeside(provider, variables);
    return [
      {
        label: name,
        provider: nameOf(providerAt(provider, settings.baseUrl)),
        kind: name.includes("_ADMIN_") ? "admin" : "inference",
        settings,
        value: new Secret(value.trim()),
      },
    ];
  });
  return { keys, notes };
}

/** By the whole name, or by its end: `AIDER_OPENAI_API_KEY`, `VITE_OPENAI_API_KEY`. */
export function providerOfVariable(name: string): Provider | undefined {
  const upper = name.toUpperCase();
  const named = (fits: (variable: string) => boolean) =>
    PROVIDERS.find(({ keyVariables }) => keyVariables.some(fits));
  return named((variable) => variable === upper) ?? named((variable) => upper.endsWith(`_${variable}`));
}

/** What variables beside a provider's key say about its connection. Addresses on this machine are no provider's. */
export function settingsBeside(provider: Provider, variables: Variables): SettingsInput {
  const found = new Map<VariableSetting, string>();
  for (const [variable, setting] of Object.entries(provider.settingVariables ?? {})) {
    const value = variables[variable]?.trim() ?? "";
    if (value === "" || found.has(setting) || (setting === "baseUrl" && isOwnAddress(value))) continue;
    found.set(setting, value);
  }
  const { deployment, ...rest } = Object.fromEntries(found) as Partial<Record<VariableSetting, string>>;
  return { ...rest, ...(deployment === undefined ? {} : { deployments: [deployment] }) };
}

/** As `keys add` takes it. */
export function nameOf({ id, preset }: Pick<Provider, "id" | "preset">): string {
  return preset ?? id;
}

/** Ownkey's own gateway is where requests come from, not where keys belong to. */
function isOwnAddress(url: string): boolean {
  return /^https?:\/\/(?:localhost|127\.0\.0\.1|\[::1\]):7788(?:\/|$)/.test(url);
}
