import type { Caller } from "../access/index.ts";
import {
  type Connection,
  type Connections,
  type Fetch,
  type ListedModel,
  modelsIn,
} from "../connections/index.ts";
import { maskSecrets, parseJson, readUpTo } from "../kernel/index.ts";
import { providerById } from "../providers/index.ts";
import { assertDestination } from "../vault/index.ts";

export interface ModelList {
  readonly models: readonly ListedModel[];
  /** Why there is no list. */
  readonly problem?: string;
}

export interface ModelListsOptions {
  readonly connections: Connections;
  readonly fetch: Fetch;
  readonly timeoutMs: number;
}

const LARGEST_LIST_BYTES = 8 * 1024 * 1024;

/** Asks providers which models they offer. Free of charge at every provider. */
export class ModelLists {
  readonly #options: ModelListsOptions;

  constructor(options: ModelListsOptions) {
    this.#options = options;
  }

  async of(caller: Caller, connection: Connection): Promise<ModelList> {
    const { connections, fetch, timeoutMs } = this.#options;
    const provider = providerById(connection.provider, connection.preset);
    const key = await connections.servingKeyOf(connection.id);
    if (!key) return { models: [], problem: "it has no key in use" };
    const path = provider.dialect === "google" ? "/v1beta/models" : "/v1/models";
    const url = provider.upstreamUrl(connection.settings, { method: "GET", path, query: "" });
    const lent = await connections.lend(caller, key.id);
    assertDestination(lent.origins, url);
    const value = lent.value.reveal();
    try {
      const headers = provider
        .authHeaders(value, connection.settings)
        .map(([name, text]): [string, string] => [name, text]);
      // `proxy` is Bun's and not in the types: none of the environment's.
      const init = { headers, redirect: "manual", proxy: false, signal: AbortSignal.timeout(timeoutMs) };
      const answer = await fetch(url.href, init as unknown as RequestInit, connection.settings);
      const { bytes, isWhole } = await readUpTo(answer.body, LARGEST_LIST_BYTES);
      if (!answer.ok) return { models: [], problem: `the provider answered ${answer.status}` };
      if (!isWhole) return { models: [], problem: "the provider's list is larger than 8 MiB" };
      return { models: modelsIn(parseJson(new TextDecoder().decode(bytes))) ?? [] };
    } catch (error) {
      return {
        models: [],
        problem: `could not be reached: ${maskSecrets((error as Error).message, [value])}`,
      };
    }
  }
}
