import {
  possibleOwners,
  type Provider,
  PROVIDERS,
  resolveProviderName,
  type SettingsInput,
} from "../../providers/index.ts";
import { type Entry, readEntries, type SurveyFinding } from "../../scan/index.ts";
import { readCursorSettings } from "../read/cursor-format.ts";
import { providerAt } from "../read/provider-at.ts";
import { nameOf, providerOfVariable, settingsBeside } from "../read/variable-keys.ts";
import type { FileTexts } from "./file-texts.ts";

/** Whose key a secret is, and what belongs to it. */
export interface Owner {
  readonly provider: string;
  readonly settings: SettingsInput;
}

/**
 * Goes by the scanner's certainty, then by the name of the setting that holds the key, then by its beginning; and by the
 * address beside it. `undefined` when nothing of that tells.
 */
export function ownerOf(places: readonly SurveyFinding[], texts: FileTexts): Owner | undefined {
  const owners = places.flatMap((place) => {
    const owner = ownerAt(place, texts);
    return owner ? [owner] : [];
  });
  const [first] = owners;
  if (!first) return undefined;
  const same = owners.filter(({ provider }) => provider === first.provider);
  const { provider } = resolveProviderName(first.provider);
  // Used at the provider's own address anywhere, it belongs there.
  const plain = same.find(({ settings }) => settings.baseUrl === undefined);
  const withAddress = same.find(({ settings }) => settings.baseUrl !== undefined);
  return (provider.defaultBaseUrl === undefined ? withAddress : plain) ?? first;
}

function ownerAt(finding: SurveyFinding, texts: FileTexts): Owner | undefined {
  const { secret, file, place, line } = finding;
  const value = secret?.reveal() ?? "";
  const text = file === undefined || place?.format === "sqlite" ? undefined : texts.of(file);
  const entries = text === undefined || !place ? [] : readEntries(text, place.format);
  const entry = entries.findLast((one) => one.line === line && one.value.includes(value));
  const guess = guessOf(finding, value, entry) ?? namedBeside(finding, text);
  if (!guess) return undefined;
  const around = settingsAround(guess, { text, entries, entry, value, isShell: isVariables(finding) });
  // The resource's own host beside the key, whatever the file is.
  const beside = finding.endpoint === undefined ? {} : { baseUrl: `https://${finding.endpoint}` };
  const settings = { ...(guess.defaultBaseUrl === undefined ? beside : {}), ...around };
  const provider = providerAt(guess, settings.baseUrl);
  const isOwn = provider !== guess || providerAt(guess, settings.baseUrl).defaultBaseUrl === settings.baseUrl;
  return { provider: nameOf(provider), settings: isOwn ? without(settings) : settings };
}

function isVariables({ place }: SurveyFinding): boolean {
  return place?.format === "dotenv" || place?.format === "shell";
}

/** The address is the provider's own. */
function without({ baseUrl: _own, ...settings }: SettingsInput): SettingsInput {
  return settings;
}

function guessOf(finding: SurveyFinding, value: string, entry: Entry | undefined): Provider | undefined {
  if (finding.provider !== undefined) return resolveProviderName(finding.provider).provider;
  const name = entry?.path.at(-1) ?? "";
  const byVariable = providerOfVariable(name) ?? providerInPath(entry?.path ?? []);
  if (byVariable) return byVariable;
  const owners = possibleOwners(value);
  return owners.length === 1 ? owners[0] : undefined;
}

/** By the one provider whose variable stands at the key or in the line above it, in files of whatever format. */
function namedBeside({ rule, line }: SurveyFinding, text: string | undefined): Provider | undefined {
  if (rule !== "provider-variable" || text === undefined) return undefined;
  const near = text.split("\n", line).slice(-2).join("\n");
  const named = (near.match(/[A-Za-z_]\w*/g) ?? []).flatMap((word) => providerOfVariable(word) ?? []);
  const [only, ...others] = new Set(named);
  return others.length === 0 ? only : undefined;
}

/** `mistral_api_key`, `["providers", "mistral", "key"]`. */
function providerInPath(path: readonly string[]): Provider | undefined {
  const words = new Set(path.flatMap((part) => part.toLowerCase().split(/[^a-z]+/)));
  return PROVIDERS.find((provider) => words.has(nameOf(provider)));
}

interface Surroundings {
  readonly text: string | undefined;
  readonly entries: readonly Entry[];
  readonly entry: Entry | undefined;
  readonly value: string;
  readonly isShell: boolean;
}

function settingsAround(
  provider: Provider,
  { text, entries, entry, value, isShell }: Surroundings,
): SettingsInput {
  if (isShell) {
    return settingsBeside(
      provider,
      Object.fromEntries(entries.map(({ path, value: set }) => [path.at(-1), set])),
    );
  }
  if (!entry || text === undefined) return {};
  const guide = ofGuide(text, value);
  if (guide) return guide;
  const group = entry.path.slice(0, -1).join("\u0000");
  const address = entries.find(
    ({ path, line }) =>
      ADDRESS.test(path.at(-1) ?? "") &&
      path.slice(0, -1).join("\u0000") === group &&
      Math.abs(line - entry.line) <= NEAR_LINES,
  );
  return address && /^https?:\/\//.test(address.value) ? { baseUrl: address.value } : {};
}

const ADDRESS = /^(?:api[_-]?(?:base|url)|base[_-]?url|endpoint)$/i;
/** Groups of lists are not told apart in every format. */
const NEAR_LINES = 8;

function ofGuide(text: string, value: string): SettingsInput | undefined {
  if (!text.includes("cursor.")) return undefined;
  try {
    return readCursorSettings(text, {}).keys.find((key) => key.value.reveal() === value)?.settings;
  } catch {
    return undefined;
  }
}
