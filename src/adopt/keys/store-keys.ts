import type { Caller } from "../../access/index.ts";
import type { Connection, Connections, ProviderKey } from "../../connections/index.ts";
import { AppError, type Secret, toAppError } from "../../kernel/index.ts";
import {
  type ConnectionSettings,
  normaliseSettings,
  type Provider,
  resolveProviderName,
  type SettingsInput,
  type VerdictName,
} from "../../providers/index.ts";
import { byTurns } from "./by-turns.ts";
import { freeName } from "./free-name.ts";
import { ownConnection } from "./own-connection.ts";
import type { TakeIn } from "./take-in.ts";

/** A key that is to be in the vault, with the places or names under which it was found. */
export interface KeyToStore {
  readonly labels: readonly string[];
  /** Provider or preset, as `keys add` takes it. */
  readonly provider: string;
  readonly kind: "inference" | "admin";
  readonly settings: SettingsInput;
  readonly value: Secret;
  /** Where it was found, in a word, if its connection may be called by it. */
  readonly found?: string | undefined;
  readonly purpose?: string;
}

/**
 * `stored`: it is new. `known`: the vault had it. `refused`: it is no key, or its provider says that it does not work.
 * `incomplete`: something is missing that nobody can guess, such as the endpoint of an Azure key.
 */
export type StoreOutcome = "stored" | "known" | "refused" | "incomplete";

export interface StoredKey {
  readonly labels: readonly string[];
  readonly provider: string;
  readonly outcome: StoreOutcome;
  readonly verdict: VerdictName | "untested";
  /** Set when the vault has it now. */
  readonly key?: ProviderKey;
  readonly connection?: Connection;
  /** Why it was refused, and what to do about that. */
  readonly message?: string;
  readonly hint?: string;
  readonly warnings: readonly string[];
}

export interface StoreKeysOptions {
  readonly connections: Connections;
  readonly takeIn: TakeIn;
  /** As stored keys have it. */
  readonly fingerprint: (value: Secret) => string;
  readonly test: boolean;
  readonly keep: boolean;
}

/** Tests at once; more would look like an attack to a provider. */
const TESTS_AT_ONCE = 4;

/**
 * Puts keys into the vault, each into a connection of its own, see {@link ownConnection}. What is the same key is stored
 * once, however often it comes; one that the vault has already is not stored again, unless another key serves its
 * connection. The answers stand in the order of the first label of each key. Running it twice does nothing the second time.
 */
export async function storeKeys(
  caller: Caller,
  keys: readonly KeyToStore[],
  options: StoreKeysOptions,
): Promise<StoredKey[]> {
  const prepared = merged(keys).map(prepare);
  const tested = await byTurns(prepared, TESTS_AT_ONCE, async (one) =>
    "outcome" in one ? one : await tryKey(one, options),
  );
  const results: StoredKey[] = [];
  // One after the other: the second key of a provider joins the connection that the first one makes.
  for (const one of tested) results.push("outcome" in one ? one : await store(caller, one, options));
  return results;
}

interface Prepared {
  readonly input: KeyToStore;
  readonly provider: Provider;
  readonly settings: ConnectionSettings;
}

interface Tried extends Prepared {
  readonly value: Secret;
  readonly verdict: VerdictName | "untested";
  readonly warnings: readonly string[];
  /** The vault has it. */
  readonly known?: KnownKey;
}

interface KnownKey {
  readonly key: ProviderKey;
  readonly connection: Connection;
}

/** The same value for the same provider at the same address is one key. */
function merged(keys: readonly KeyToStore[]): KeyToStore[] {
  const groups = Map.groupBy(keys, ({ provider, kind, settings, value }) =>
    JSON.stringify([provider, kind, settings.baseUrl ?? "", settings.organization ?? "", value.reveal()]),
  );
  return [...groups.values()].flatMap(([first, ...others]) => {
    if (!first) return [];
    const labels = [first, ...others].flatMap((one) => one.labels);
    return [{ ...first, labels: [...new Set(labels)] }];
  });
}

function prepare(input: KeyToStore): Prepared | StoredKey {
  try {
    const { provider } = resolveProviderName(input.provider);
    return { input, provider, settings: normaliseSettings(provider, input.settings).settings };
  } catch (error) {
    return failed(input, "incomplete", error);
  }
}

async function tryKey(prepared: Prepared, options: StoreKeysOptions): Promise<Tried | StoredKey> {
  const { input, provider, settings } = prepared;
  try {
    const known = await knownKey(prepared, options);
    const { value, verdict, warnings } = await options.takeIn({
      provider,
      settings: known?.connection.settings ?? settings,
      value: input.value,
      kind: input.kind,
      test: options.test,
      keep: options.keep,
    });
    return { ...prepared, value, verdict, warnings, ...(known ? { known } : {}) };
  } catch (error) {
    return failed(input, "refused", error);
  }
}

/**
 * The one that serves its connection's requests: one in reserve would not be used.
 * @throws AppError `key_refused` for a key that its owner has put out of use.
 */
async function knownKey(prepared: Prepared, options: StoreKeysOptions): Promise<KnownKey | undefined> {
  const same = await sameKeys(prepared, options);
  if (prepared.input.kind === "admin") return same[0];
  for (const one of same) {
    const serving = await options.connections.servingKeyOf(one.connection.id);
    if (serving?.id === one.key.id) return one;
  }
  const stopped = same.find(({ key }) => key.state !== "active");
  if (!stopped) return undefined;
  const name = `${stopped.connection.name}/${stopped.key.name}`;
  throw new AppError("key_refused", `it is stored as ${name}, which is ${stopped.key.state}`, {
    hint:
      stopped.key.state === "disabled"
        ? `ownkey keys enable ${name}; or take it out of there by hand`
        : "take it out of there by hand",
  });
}

/** By its fingerprint, at the same provider; where the address was not told, at whatever address it is kept for. */
async function sameKeys(
  { input, provider, settings }: Prepared,
  { connections, fingerprint }: StoreKeysOptions,
): Promise<KnownKey[]> {
  const wanted = fingerprint(input.value);
  const found: KnownKey[] = [];
  for (const key of await connections.keys()) {
    if (key.fingerprint !== wanted || key.kind !== input.kind || key.state === "removed") continue;
    const connection = await connections.byId(key.connectionId);
    const isHere = connection.provider === provider.id && connection.preset === provider.preset;
    const isPlace = input.settings.baseUrl === undefined || connection.settings.baseUrl === settings.baseUrl;
    if (isHere && isPlace) found.push({ key, connection });
  }
  return found;
}

async function store(caller: Caller, tried: Tried, options: StoreKeysOptions): Promise<StoredKey> {
  const { input, verdict, warnings } = tried;
  const told = { labels: input.labels, provider: input.provider, verdict, warnings };
  // Another one of this list may have been the same key at another address.
  const known = tried.known ?? (await knownKey(tried, options));
  if (known) return { ...told, ...known, outcome: "known" };
  try {
    return { ...told, ...(await add(caller, tried, options)), outcome: "stored" };
  } catch (error) {
    // Somebody else may have stored it meanwhile.
    const now = await knownKey(tried, options);
    if (now) return { ...told, ...now, outcome: "known" };
    throw error;
  }
}

async function add(caller: Caller, tried: Tried, { connections }: StoreKeysOptions) {
  const { input, provider, settings, value, verdict } = tried;
  const keys = (await connections.keys()).filter(({ state }) => state !== "removed");
  const present = (await connections.list()).map((connection) => ({
    connection,
    isServed: keys.some(({ connectionId, kind }) => connectionId === connection.id && kind === input.kind),
  }));
  const own = ownConnection(provider, settings, {
    // Keys that manage keys serve no requests: any number of them is kept together.
    present: input.kind === "admin" ? present.map((one) => ({ ...one, isServed: false })) : present,
    found: input.found,
  });
  const taken = keys.filter(({ connectionId }) => connectionId === own.joined?.id).map(({ name }) => name);
  return await connections.addKey(caller, {
    provider: provider.id,
    preset: provider.preset,
    settings: own.settings,
    connectionName: own.name,
    name: freeName(input.kind === "admin" ? "admin" : "main", taken),
    value,
    kind: input.kind,
    class: null,
    owner: null,
    purpose: input.purpose ?? null,
    expiresAtMs: null,
    verdict,
  });
}

function failed(input: KeyToStore, outcome: "refused" | "incomplete", error: unknown): StoredKey {
  const { code, message, hint, details } = toAppError(error);
  if (code === "internal" || code === "corrupt" || code === "vault_locked") throw error;
  const verdict = (details?.["verdict"] as VerdictName | undefined) ?? "untested";
  return {
    labels: input.labels,
    provider: input.provider,
    outcome,
    verdict,
    message,
    ...(hint === undefined ? {} : { hint }),
    warnings: [],
  };
}
