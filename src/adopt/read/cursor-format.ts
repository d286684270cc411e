/**
 * The settings in which a widely copied guide puts keys for Cursor: `cursor.openai.apiKey`, `.organization`,
 * `cursor.anthropic.apiKey`, `cursor.azure.*`, `cursor.google.*`, the nested `cursor.apiKeys`, and the spellings of it
 * that people use. Cursor itself reads none of them.
 */
import { Secret } from "../../kernel/index.ts";
import { type Provider, resolveProviderName, type SettingsInput } from "../../providers/index.ts";
import { readEntries } from "../../scan/index.ts";
import { providerAt } from "./provider-at.ts";
import type { ReadKey, ReadKeys, Variables } from "./read-key.ts";
import { resolveReferences } from "./references.ts";
import { nameOf } from "./variable-keys.ts";

/** `${NAME}` and `${env:NAME}` are resolved. @throws AppError `not_found` for a variable that is not set. */
export function readCursorSettings(text: string, variables: Variables): ReadKeys {
  const notes: string[] = [];
  const groups = new Map<string, Map<string, { label: string; value: string }>>();
  for (const { path, value } of readEntries(text, "jsonc")) {
    const label = path.join(".");
    const named = partsOf(label);
    if (!named || value.trim() === "") continue;
    const group = groups.get(named.provider) ?? new Map<string, { label: string; value: string }>();
    groups.set(named.provider, group);
    // Of a name that stands twice the last one counts, as for every reader of JSON.
    group.set(named.setting, { label, value: resolveReferences(value.trim(), label, variables) });
  }
  const keys = [...groups].flatMap(([name, group]): ReadKey[] => {
    const key = group.get("apikey");
    if (!key) return [];
    const provider = providerNamed(name);
    if (!provider) {
      notes.push(`${key.label} names no provider that Ownkey knows; add it with: ownkey keys add`);
      return [];
    }
    if (key.value.startsWith("sk-ownkey-")) {
      notes.push(`${key.label} holds one of Ownkey's own virtual keys`);
      return [];
    }
    const settings = settingsOf(group);
    const at = providerAt(provider, settings.baseUrl);
    return [
      { label: key.label, provider: nameOf(at), kind: "inference", settings, value: new Secret(key.value) },
    ];
  });
  return { keys, notes };
}

/** `cursor.azure.apiKey`, `cursor.apiKeys.azure.apiKey`, `cursor.apiKeys.openai`, `openai.apiKey`. */
function partsOf(label: string): { provider: string; setting: string } | undefined {
  const match = /^(cursor\.)?(apiKeys\.)?([A-Za-z][\w-]*?)(?:\.([A-Za-z]+))?$/.exec(label);
  if (!match) return undefined;
  const [, cursor, nested, provider = "", setting] = match;
  if (setting === undefined) {
    return nested === undefined ? undefined : { provider: provider.toLowerCase(), setting: "apikey" };
  }
  const known = SETTINGS.has(setting.toLowerCase()) || setting.toLowerCase() === "apikey";
  if (!known || (cursor === undefined && providerNamed(provider) === undefined)) return undefined;
  return { provider: provider.toLowerCase(), setting: setting.toLowerCase() };
}

const SETTINGS: ReadonlyMap<string, keyof SettingsInput> = new Map([
  ["organization", "organization"],
  ["project", "project"],
  ["apibase", "baseUrl"],
  ["baseurl", "baseUrl"],
  ["endpoint", "baseUrl"],
  ["apiversion", "apiVersion"],
  ["region", "region"],
  ["model", "model"],
  ["deployment", "deployments"],
  ["deploymentname", "deployments"],
]);

function settingsOf(group: ReadonlyMap<string, { value: string }>): SettingsInput {
  const pairs = [...group].flatMap(([name, { value }]) => {
    const setting = SETTINGS.get(name);
    if (setting === undefined) return [];
    return [[setting, setting === "deployments" ? [value] : value] as const];
  });
  return Object.fromEntries(pairs) as SettingsInput;
}

function providerNamed(name: string): Provider | undefined {
  try {
    return resolveProviderName(name).provider;
  } catch {
    return undefined;
  }
}
