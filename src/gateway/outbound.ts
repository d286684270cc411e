import type { Clock } from "../kernel/index.ts";
import type { ConnectionSettings } from "../providers/index.ts";
import { createDestinations, type ResolveHost } from "./destination.ts";
import { type Fetch, forward, type Outbound } from "./forward.ts";

/** A call to a provider by Ownkey itself: testing a key, listing models. */
export type OutboundFetch = (
  url: string,
  init: RequestInit,
  settings: ConnectionSettings,
) => Promise<Response>;

export interface OutboundOptions {
  readonly fetch: Fetch;
  readonly resolveHost: ResolveHost;
  readonly clock: Clock;
}

/**
 * Goes the same way as the data plane's requests: to an address that was checked, without redirects and without a
 * proxy of the environment. @throws AppError `not_allowed`, `provider_unreachable`, and what `fetch` throws.
 */
export function createOutboundFetch({ fetch, resolveHost, clock }: OutboundOptions): OutboundFetch {
  const destinations = createDestinations(resolveHost, clock);
  return async (text, init, settings) => {
    const url = new URL(text);
    const outbound: Outbound = {
      method: init.method ?? "GET",
      url,
      destination: await destinations.find(url, settings),
      // Answers of these calls are read here, and nothing decompresses them.
      headers: [...new Headers(init.headers), ["accept-encoding", "identity"]],
      body: typeof init.body === "string" ? new TextEncoder().encode(init.body) : null,
    };
    return await forward(fetch, outbound, init.signal ?? new AbortController().signal);
  };
}
