import { AppError } from "../kernel/index.ts";
import type { Destination } from "./destination.ts";
import type { HeaderPairs } from "./header-pairs.ts";
import { UpstreamError } from "./upstream/upstream-error.ts";

/** The `fetch` of the platform, or a test's. */
export type Fetch = (url: string, init: RequestInit) => Promise<Response>;

export interface Outbound {
  readonly method: string;
  readonly url: URL;
  readonly destination: Destination;
  readonly headers: HeaderPairs;
  readonly body: Uint8Array | ReadableStream<Uint8Array> | null;
}

/**
 * One request to the provider by `fetch`: to the checked address, certificate checked against the name, no redirect, no proxy
 * of the environment, no decompression, no time limit but ours.
 */
export function forward(fetch: Fetch, outbound: Outbound, signal: AbortSignal): Promise<Response> {
  const { destination, url } = outbound;
  const init = {
    method: outbound.method,
    headers: [...outbound.headers, ["host", destination.host]],
    body: outbound.body,
    signal,
    redirect: "manual",
    decompress: false,
    proxy: false,
    timeout: false,
    ...(destination.serverName === undefined ? {} : { tls: { serverName: destination.serverName } }),
  };
  // Bun's own options are not all in the types (`proxy: false`, `timeout`).
  return fetch(`${destination.origin}${url.pathname}${url.search}`, init as unknown as RequestInit);
}

/** True when no byte of the request can have reached the provider, so that it cannot have cost anything. */
export function neverConnected(error: unknown): boolean {
  if (error instanceof AppError) return true;
  if (error instanceof UpstreamError) return !error.sent;
  const code = (error as { code?: unknown } | null)?.code;
  if (typeof code !== "string") return false;
  return NEVER_CONNECTED.has(code) || code.includes("CERT") || code.startsWith("ERR_TLS");
}

const NEVER_CONNECTED: ReadonlySet<string> = new Set([
  "ConnectionRefused",
  "ECONNREFUSED",
  "ENOTFOUND",
  "EAI_AGAIN",
  "EHOSTUNREACH",
  "ENETUNREACH",
  "FailedToOpenSocket",
  "UNABLE_TO_VERIFY_LEAF_SIGNATURE",
]);

/** A redirect is never followed: it would carry key and prompt to a place nobody has checked. */
export function isRedirect(status: number): boolean {
  return status >= 300 && status < 400 && status !== 304;
}
