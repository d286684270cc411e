import { Histogram } from "./histogram.ts";
import { connectKept, type KeptConnection } from "./kept-connection.ts";
import { type Asked, shortRequest } from "./requests.ts";

export interface ShortLoad {
  readonly connections: number;
  /** Ends after this many requests… */
  readonly requests: number;
  /** …or after this time, whichever comes first. */
  readonly limitMs: number;
  /** Size of the prompt; default 900. */
  readonly promptBytes?: number;
  /** Where latencies are counted; default one of its own. */
  readonly latencies?: Histogram;
  /** Told after each answer how many have come. */
  readonly onAnswer?: (done: number) => void;
}

export interface ShortResult {
  readonly requests: number;
  readonly durationMs: number;
  readonly latencies: Histogram;
}

/** Sends chat completions of about 1 kB on kept-alive connections, each the next one as soon as it has its answer. */
export async function sendShortRequests(server: Asked, load: ShortLoad): Promise<ShortResult> {
  const request = shortRequest(server, load.promptBytes);
  const latencies = load.latencies ?? new Histogram();
  const startedMs = performance.now();
  const lastMomentMs = startedMs + load.limitMs;
  let begun = 0;
  let done = 0;
  const mayGoOn = () => begun < load.requests && performance.now() < lastMomentMs;

  const one = async () => {
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    let sentMs = 0;
    const next = (connection: KeptConnection) => {
      if (!mayGoOn()) {
        resolve();
        return connection.close();
      }
      begun++;
      sentMs = performance.now();
      connection.send(request);
    };
    const onAnswer = (connection: KeptConnection) => {
      latencies.add(performance.now() - sentMs);
      load.onAnswer?.(++done);
      next(connection);
    };
    next(await connectKept(server.port, { onAnswer, onFailure: reject }));
    await promise;
  };
  await Promise.all(Array.from({ length: load.connections }, one));
  return { requests: begun, durationMs: performance.now() - startedMs, latencies };
}
