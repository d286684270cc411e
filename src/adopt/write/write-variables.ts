/** Keys as variables, for a shell and for dotenv files. The inverse of `readVariableKeys`. */
import { type Provider, sdkVariables, type VariableSetting } from "../../providers/index.ts";
import { addressOf, type WrittenKey, type WrittenText } from "./written-key.ts";

/** @param line how one variable is written. */
export function writeVariables(
  keys: readonly WrittenKey[],
  line: (name: string, value: string) => string,
): WrittenText {
  const lines: string[] = [];
  const notes: string[] = [];
  const used = new Set<string>();
  for (const key of keys) {
    const [name] = namesOf(key);
    if (name === undefined || used.has(name)) {
      notes.push(
        name === undefined
          ? `${key.label}: no variable is known for it`
          : `${key.label}: ${name} holds another key already; choose with --connection`,
      );
      continue;
    }
    const besides = settingsOf(key).filter(([variable]) => !used.has(variable));
    for (const [variable, value] of [[name, key.value] as const, ...besides]) {
      used.add(variable);
      lines.push(line(variable, value));
    }
    if (key.gateway !== undefined && besides.length === 0) {
      lines.push(`# ${name} is good at ${key.gateway}/v1 only: give that to what uses it as the base URL`);
    }
  }
  return { text: lines.map((one) => `${one}\n`).join(""), notes };
}

/** Official SDKs read the first of these; a provider without one of its own has its usual variable. */
function namesOf({ provider }: WrittenKey): readonly string[] {
  return isOwnSdk(provider) ? sdkVariables(provider).keys : provider.keyVariables;
}

/** Many services are reached with OpenAI's SDK under a variable of their own. */
function isOwnSdk(provider: Provider): boolean {
  return sdkVariables(provider).keys.some((name) => provider.keyVariables.includes(name));
}

function settingsOf(key: WrittenKey): [name: string, value: string][] {
  const { provider, settings, gateway, isReference } = key;
  if (isReference) return [];
  const address = addressOf(key);
  if (gateway !== undefined) {
    const variables = isOwnSdk(provider) ? sdkVariables(provider).baseUrls : [];
    return variables.map(([name, path]) => [name, gateway + path]);
  }
  const values: Readonly<Partial<Record<VariableSetting, string | undefined>>> = {
    baseUrl: address,
    organization: settings.organization,
    project: settings.project,
    apiVersion: settings.apiVersion,
    deployment: Object.keys(settings.deployments ?? {})[0],
    model: settings.model,
  };
  return Object.entries(values).flatMap(([setting, value]): [string, string][] => {
    const name = Object.entries(provider.settingVariables ?? {}).find(([, what]) => what === setting)?.[0];
    return name === undefined || value === undefined ? [] : [[name, value]];
  });
}

/** For a POSIX shell. */
export function shellLine(name: string, value: string): string {
  return `export ${name}='${value.replaceAll("'", `'\\''`)}'`;
}

/** As every reader of dotenv files takes it: quoted where it has to be. */
export function dotenvLine(name: string, value: string): string {
  return /^[\w.:/@+=,-]*$/.test(value)
    ? `${name}=${value}`
    : `${name}="${value.replaceAll(/["\\$]/g, "\\$&")}"`;
}
