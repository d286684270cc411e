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
  const settings = new Map<string, SettingsInput>();
  /** Of a name that stands twice the last one counts, as for every reader of JSON. */
  const found = new Map<string, { provider: string; value: string }>();
  for (const { path, value: written } of readEntries(text, "jsonc")) {
    const label = path.join(".");
    const parts = partsOf(label);
    if (!parts || written.trim() === "") continue;
    const value = resolveReferences(written.trim(), label, variables);
    const { provider, setting } = parts;
    if (setting === undefined) found.set(label, { provider, value });
    else settings.set(provider, { ...settings.get(provider), [setting]: asSetting(setting, value) });
  }
  const notes: string[] = [];
  const keys = [...found].flatMap(([label, { provider, value }]) => {
    const read = readKey(label, value, provider, settings.get(provider) ?? {});
    if (typeof read === "string") notes.push(read);
    return typeof read === "string" ? [] : [read];
  });
  return { keys, notes };
}

/** Whether a setting of that name is one of the guide's keys. */
export function isGuideSetting(name: string): boolean {
  const parts = partsOf(name);
  return (
    parts !== undefined &&
    parts.setting === undefined &&
    (name.startsWith("cursor.") || name.endsWith(".apiKey"))
  );
}

/** Or why it is none. */
function readKey(label: string, value: string, name: string, settings: SettingsInput): ReadKey | string {
  const guess = providerNamed(name);
  if (!guess) return `${label} names no provider that Ownkey knows; add it with: ownkey keys add`;
  if (value.startsWith("sk-ownkey-")) return `${label} holds one of Ownkey's own virtual keys`;
  const provider = nameOf(providerAt(guess, settings.baseUrl));
  return { label, provider, kind: "inference", settings, value: new Secret(value) };
}

function asSetting(setting: keyof SettingsInput, value: string): string | string[] {
  return setting === "deployments" ? [value] : value;
}

interface Parts {
  readonly provider: string;
  /** `undefined` for the key itself. */
  readonly setting: keyof SettingsInput | undefined;
}

/** `cursor.azure.apiKey`, `cursor.apiKeys.azure.apiKey`, `cursor.apiKeys.openai`, `openai.apiKey`. */
function partsOf(label: string): Parts | undefined {
  const match = /^(cursor\.)?(apiKeys\.)?([A-Za-z][\w-]*?)(?:\.([A-Za-z]+))?$/.exec(label);
  if (!match) return undefined;
  const [, cursor, nested, name = "", last] = match;
  const provider = name.toLowerCase();
  if (last === undefined) return nested === undefined ? undefined : { provider, setting: undefined };
  if (cursor === undefined && providerNamed(provider) === undefined) return undefined;
  if (last.toLowerCase() === "apikey") return { provider, setting: undefined };
  const setting = SETTINGS.get(last.toLowerCase());
  return setting === undefined ? undefined : { provider, setting };
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

function providerNamed(name: string): Provider | undefined {
  try {
    return resolveProviderName(name).provider;
  } catch {
    return undefined;
  }
}
