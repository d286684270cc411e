import type { SeenRates } from "../budgets/index.ts";
import type { GatewayView } from "../control/index.ts";
import type { DataPlane } from "./data-plane.ts";

/** The gateway as the rest of the running program sees it: in this process, or in several beside it. */
export interface Serving {
  readonly url: string;
  /** Why requests cannot be served now, if so. */
  notReady(): string | undefined | Promise<string | undefined>;
  /** Prometheus text, over all processes. */
  metrics(): string | Promise<string>;
  gateways(): Promise<GatewayView[]>;
  /** What providers told this process of a key. */
  providerRates(keyId: string): SeenRates[];
  /** Resolves when the store knows what these processes have spent of budgets, as far as it can be asked. */
  tellSpent(): Promise<void>;
  /** Resolves when whatever was changed here before counts for the next request of every process. */
  inForce(): Promise<void>;
  /** Lets what is under way finish, up to the limit. */
  stop(limitMs: number): Promise<void>;
  /** Ends whatever is left. */
  close(): Promise<void>;
}

/** One gateway, in this process. */
export function servingHere(dataPlane: DataPlane): Serving {
  return {
    url: dataPlane.url,
    notReady: () => dataPlane.notReady(),
    metrics: () => dataPlane.metrics(),
    gateways: () =>
      Promise.resolve([
        {
          instance: dataPlane.instance,
          pid: process.pid,
          state: dataPlane.notReady() ?? "ready",
          inFlight: dataPlane.inFlight(),
          restarts: 0,
        },
      ]),
    providerRates: (keyId) => dataPlane.providerRates(keyId),
    tellSpent: () => dataPlane.tellSpent(),
    // It looks at the store before each request.
    inForce: () => Promise.resolve(),
    stop: (limitMs) => dataPlane.stop(limitMs),
    close: () => dataPlane.close(),
  };
}
