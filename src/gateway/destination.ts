import { isIP } from "node:net";
import { AppError, type Clock, remember } from "../kernel/index.ts";
import type { ConnectionSettings } from "../providers/index.ts";
import { type AddressRules, createAddressRules } from "./addresses.ts";
import { notAllowed } from "./errors.ts";

/** Addresses of a name, as the system's resolver gives them. */
export type ResolveHost = (host: string) => Promise<readonly string[]>;

/** Where the bytes go: an address that was checked, so that no second look-up can lead elsewhere. */
export interface Destination {
  /** `https://203.0.113.5:443`: scheme, checked address and port. */
  readonly origin: string;
  /** Host header and, for TLS, the name that the certificate must hold. */
  readonly host: string;
  readonly serverName: string | undefined;
  readonly secure: boolean;
  /** The checked address alone, without brackets. */
  readonly address: string;
  readonly port: number;
  /** Connections under one key lead to the same server, proven under the same name. */
  readonly key: string;
}

export interface Destinations {
  /**
   * @throws AppError `not_allowed` (address, or plain http), `provider_unreachable` when the name has no address.
   */
  find(url: URL, settings: ConnectionSettings): Destination | Promise<Destination>;
  /** Forgets what was found: the next look-up asks the resolver. */
  forget(url: URL, settings: ConnectionSettings): void;
}

const KEEP_MS = 30_000;
const MAX_KEPT = 256;

/** Resolves, checks and keeps the outcome for half a minute. */
export function createDestinations(resolveHost: ResolveHost, clock: Clock): Destinations {
  const rules = createAddressRules();
  const kept = new Map<string, { destination: Destination; untilMs: number }>();

  async function look(url: URL, settings: ConnectionSettings): Promise<Destination> {
    const name = url.hostname.startsWith("[") ? url.hostname.slice(1, -1) : url.hostname;
    const literal = isIP(name) !== 0;
    const addresses = literal ? [name] : await resolve(resolveHost, name);
    const local = name === "localhost" || (literal && rules.isLoopback(name));
    const address = addresses.find((address) => mayCall(address, local, settings, rules));
    if (address === undefined) throw addressRefused(name);
    checkScheme(url, rules.isLoopback(address), settings);
    const destination = destinationAt(url, address, literal ? undefined : name);
    const untilMs = clock.monotonicMs() + KEEP_MS;
    return remember(kept, MAX_KEPT, keyOf(url, settings), { destination, untilMs }).destination;
  }

  return {
    find(url, settings) {
      const known = kept.get(keyOf(url, settings));
      const fresh = known !== undefined && clock.monotonicMs() < known.untilMs;
      return fresh ? known.destination : look(url, settings);
    },
    forget: (url, settings) => void kept.delete(keyOf(url, settings)),
  };
}

/** What was checked under one connection's permissions does not count under another's. */
function keyOf(url: URL, settings: ConnectionSettings): string {
  return `${url.origin} ${settings.allowPrivate === true} ${settings.insecureHttp === true}`;
}

async function resolve(resolveHost: ResolveHost, name: string): Promise<readonly string[]> {
  try {
    const addresses = await resolveHost(name);
    if (addresses.length > 0) return addresses;
  } catch (error) {
    throw unresolved(name, error);
  }
  throw unresolved(name, undefined);
}

function mayCall(
  address: string,
  local: boolean,
  settings: ConnectionSettings,
  rules: AddressRules,
): boolean {
  if (isIP(address) === 0) return false;
  // A connection that was made for this machine may call it; a public name may not be turned to it.
  if (rules.isLoopback(address)) return local || settings.allowPrivate === true;
  return !rules.isPrivate(address) || settings.allowPrivate === true;
}

function checkScheme(url: URL, loopback: boolean, settings: ConnectionSettings): void {
  if (url.protocol === "https:") return;
  if (url.protocol === "http:" && (loopback || settings.insecureHttp === true)) return;
  throw notAllowed(
    "address",
    "a key is never sent over plain http",
    "give the connection an https URL, or allow it with --insecure-http",
  );
}

function destinationAt(url: URL, address: string, name: string | undefined): Destination {
  const secure = url.protocol === "https:";
  const port = url.port === "" ? (secure ? "443" : "80") : url.port;
  const authority = isIP(address) === 6 ? `[${address}]` : address;
  const origin = `${url.protocol}//${authority}:${port}`;
  const serverName = secure ? name : undefined;
  return {
    origin,
    host: url.host,
    serverName,
    secure,
    address,
    port: Number(port),
    key: `${origin} ${serverName ?? ""}`,
  };
}

function addressRefused(name: string): AppError {
  return notAllowed(
    "address",
    `"${name}" has only private addresses, and this connection may not call those`,
    "if it is meant to: ownkey keys add … --allow-private, or ownkey connections set NAME --allow-private yes",
  );
}

function unresolved(name: string, cause: unknown): AppError {
  return new AppError("provider_unreachable", `the name "${name}" could not be resolved`, {
    hint: "check the network and the connection's base URL",
    retryable: true,
    cause,
  });
}
