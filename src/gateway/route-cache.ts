import type { Connection } from "../connections/index.ts";
import { remember } from "../kernel/index.ts";
import type { Provider, RouteRule } from "../providers/index.ts";
import type { ProviderRegistry } from "./parts.ts";

/** What a connection's provider makes of one method and path. */
export interface Route {
  readonly provider: Provider;
  readonly rule: RouteRule | "denied" | undefined;
  /** The upstream URL, when there is no query. @throws AppError `bad_path`. */
  url(): URL;
}

export type RouteLookup = (connection: Connection, method: string, path: string) => Route;

/** Paths remembered per connection: tools use a handful; ids in paths must not fill the memory. */
const MAX_REMEMBERED = 200;

/**
 * Tools ask for the same few routes all the time: matching and joining URLs is done once for each. A changed
 * connection is another object, so nothing outlives it.
 */
export function createRouteLookup(providers: ProviderRegistry): RouteLookup {
  const remembered = new WeakMap<Connection, Map<string, Route>>();
  return (connection, method, path) => {
    let routes = remembered.get(connection);
    if (routes === undefined) {
      routes = new Map();
      remembered.set(connection, routes);
    }
    const name = `${method} ${path}`;
    return (
      routes.get(name) ?? remember(routes, MAX_REMEMBERED, name, routeOf(providers, connection, method, path))
    );
  };
}

function routeOf(providers: ProviderRegistry, connection: Connection, method: string, path: string): Route {
  const provider = providers.providerById(connection.provider, connection.preset);
  let url: URL | undefined;
  return {
    provider,
    rule: providers.matchRoute(provider, method, path),
    url: () => (url ??= provider.upstreamUrl(connection.settings, { method, path, query: "" })),
  };
}
