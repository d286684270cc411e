import type { Connection, ProviderKey } from "../connections/index.ts";
import type { Provider, RouteRequest, RouteRule } from "../providers/index.ts";
import type { HeaderPairs } from "./header-pairs.ts";
import type { Authenticated } from "./parts.ts";

/** A request that may be sent: everything is decided, nothing has left yet. */
export interface Plan {
  readonly requestId: string;
  readonly startedAtMs: number;
  readonly startedMonotonicMs: number;
  readonly caller: Authenticated;
  readonly tool: string | null;
  readonly connection: Connection;
  readonly provider: Provider;
  readonly providerKey: ProviderKey;
  readonly rule: RouteRule;
  readonly method: string;
  readonly call: RouteRequest;
  readonly url: URL;
  readonly headers: HeaderPairs;
  /** Taken away once an answer has begun. */
  body: Uint8Array | ReadableStream<Uint8Array> | null;
  /** Size of the body as the caller sent it, decoded; what was announced when it streams. */
  readonly bytesIn: number;
  readonly bodyHash: Uint8Array | null;
  readonly stream: boolean;
  /** The usage chunk was asked for by us: it is taken out again. */
  readonly hideUsage: boolean;
  /** The answer lists stored objects: those of others are taken out. */
  readonly filterList: boolean;
  readonly modelRequested: string | null;
  /** The name to price by when the answer does not tell one. */
  readonly modelPriced: string | null;
  /** The name that budgets and limits for models go by; `null`: others may answer as well, so that all of them count. */
  readonly modelCounted: string | null;
  readonly outputLimit: number | null;
  readonly choices: number;
  readonly clientSignal: AbortSignal;
  /** The caller's own URL: scheme, name and port under which it reached us. */
  readonly callerUrl: string;
}
