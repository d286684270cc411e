/** The settings of the guide, which `import` reads. Cursor itself reads none of them. */
import { addressOf, type WrittenKey, type WrittenText } from "./written-key.ts";

export function writeCursorSettings(keys: readonly WrittenKey[]): WrittenText {
  const settings: Record<string, string> = {};
  const notes: string[] = [];
  for (const key of keys) {
    const { provider, value, gateway } = key;
    const name = `cursor.${provider.preset ?? provider.id}`;
    if (`${name}.apiKey` in settings) {
      notes.push(`${key.label}: ${name}.apiKey holds another key already; choose with --connection`);
      continue;
    }
    settings[`${name}.apiKey`] = value;
    if (key.isReference) continue;
    const { organization, model, deployments, apiVersion } = key.settings;
    const hasEndpoint = provider.defaultBaseUrl === undefined;
    const address = addressOf(key);
    const version = gateway !== undefined && provider.dialect === "openai" && !hasEndpoint ? "/v1" : "";
    for (const [setting, what] of [
      [hasEndpoint ? "endpoint" : "baseUrl", address && address + version],
      ["organization", organization],
      ["deployment", Object.keys(deployments ?? {})[0]],
      ["apiVersion", apiVersion],
      ["model", model],
    ] as const) {
      if (what !== undefined) settings[`${name}.${setting}`] = what;
    }
  }
  return { text: `${JSON.stringify(settings, undefined, 2)}\n`, notes };
}
