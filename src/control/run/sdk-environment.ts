import type { Connection } from "../../connections/index.ts";
import { providerById, sdkVariables, type SdkVariables } from "../../providers/index.ts";
import { gatewayBaseUrl, type ResolvedReference } from "./resolved.ts";

export interface SdkEnvironmentInput {
  readonly gatewayUrl: string;
  readonly token: string;
  /** Connections with a key that the session may use. */
  readonly connections: readonly Connection[];
  /** Everything goes to this one. */
  readonly only: Connection | undefined;
  /** Set nothing but what refers to a key. */
  readonly onlyReferences: boolean;
  /** Variables that hold a reference. */
  readonly references: ReadonlyMap<string, ResolvedReference>;
  /** Whether one connection is chosen for requests that do not say which. */
  readonly hasDefault: boolean;
}

export interface SdkEnvironment {
  readonly set: Readonly<Record<string, string>>;
  readonly unset: readonly string[];
  /** What the user has to know, or the program would fail without a word. */
  readonly notices: readonly string[];
}

/**
 * The variables of a program that is to reach its providers through the gateway: of every SDK that some connection
 * can serve, then those that refer to a key, which decide for their own SDK. Variables of other SDKs stay as they are.
 */
export function sdkEnvironment(input: SdkEnvironmentInput): SdkEnvironment {
  const { gatewayUrl, token, only, references } = input;
  const set: Record<string, string> = {};
  const unset = new Set<string>();
  const notices: string[] = [];
  const point = (variables: SdkVariables, base: string, connection: Connection | undefined) => {
    for (const name of variables.keys) set[name] = token;
    for (const [name, path] of variables.baseUrls) set[name] = `${base}${path}`;
    for (const name of variables.conflicting) unset.add(name);
    const version = connection?.settings.apiVersion;
    if (variables.apiVersion !== undefined && version !== undefined) set[variables.apiVersion] = version;
  };

  for (const [variables, connections] of input.onlyReferences ? [] : served(input)) {
    point(variables, only ? `${gatewayUrl}/c/${only.name}` : gatewayUrl, connections[0]);
    if (!only && connections.length > 1 && !input.hasDefault) notices.push(severalServe(connections));
  }
  for (const [name, reference] of references) {
    const { found } = reference;
    if (reference.servedByOther) notices.push(otherKey(reference));
    if (reference.wants === "base-url") {
      set[name] = gatewayBaseUrl(gatewayUrl, found);
      continue;
    }
    const variables = sdkVariables(providerById(found.provider, found.preset));
    if (variables.keys.includes(name)) point(variables, `${gatewayUrl}/c/${found.name}`, found);
    else if (!hasBaseUrl(references, found)) notices.push(needsBaseUrl(name, reference));
    set[name] = token;
  }
  // A variable that refers to a key was put there on purpose.
  for (const name of references.keys()) unset.delete(name);
  return { set, unset: [...unset], notices };
}

/**
 * By SDK, the connections that can serve it. Node's AzureOpenAI refuses to start when OPENAI_BASE_URL is set as well,
 * so where Azure alone speaks that format it gets its own variables only.
 */
function served({ connections, only }: SdkEnvironmentInput): Map<SdkVariables, Connection[]> {
  return Map.groupBy(only ? [only] : connections, ({ provider, preset }) =>
    sdkVariables(providerById(provider, preset)),
  );
}

function severalServe(connections: readonly Connection[]): string {
  const names = connections.map(({ name }) => name).join(", ");
  return `several connections serve the same SDK (${names}): choose with --connection NAME, or write models as NAME/MODEL`;
}

function otherKey({ connection, key }: ResolvedReference): string {
  return `requests with ownkey://${connection}/${key} are made with the key that ${connection} uses now, which is another one`;
}

function needsBaseUrl(variable: string, { connection, key }: ResolvedReference): string {
  return `${variable} holds a credential for the gateway only: give its program the address as well, as ownkey://${connection}/${key}?base-url`;
}

function hasBaseUrl(references: SdkEnvironmentInput["references"], { id }: Connection): boolean {
  return [...references.values()].some(({ wants, found }) => wants === "base-url" && found.id === id);
}
