import { Histogram } from "./histogram.ts";
import { connectKept, type KeptConnection } from "./kept-connection.ts";
import { type Asked, shortRequest } from "./requests.ts";

export interface Schedule {
  readonly perSecond: number;
  readonly durationMs: number;
  /** Open at once; a request that finds none free waits for one, and its latency counts that. */
  readonly connections: number;
}

export interface ScheduledResult {
  /** From the scheduled moment to the whole answer. */
  readonly latencies: Histogram;
  /** From the scheduled moment to its being noticed: how late the load generator itself was. */
  readonly lateness: Histogram;
}

/** How long the last answers may take. */
const GRACE_MS = 10_000;

/**
 * Sends chat completions of about 1 kB at fixed moments, whatever became of those before: a server that stops for a
 * while makes all requests late that were due meanwhile, as it does with real callers. The schedule is kept by a loop
 * that never sleeps, because timers are a millisecond coarse: this process needs a core.
 */
export async function sendOnSchedule(server: Asked, schedule: Schedule): Promise<ScheduledResult> {
  const request = shortRequest(server);
  const amount = Math.floor((schedule.perSecond * schedule.durationMs) / 1000);
  const intervalMs = 1000 / schedule.perSecond;
  const latencies = new Histogram();
  const lateness = new Histogram();
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  const dueMs = new Map<KeptConnection, number>();
  const free: KeptConnection[] = [];
  const waiting: number[] = [];

  const send = (connection: KeptConnection, scheduledMs: number) => {
    dueMs.set(connection, scheduledMs);
    connection.send(request);
  };
  const onAnswer = (connection: KeptConnection) => {
    latencies.add(performance.now() - (dueMs.get(connection) ?? 0));
    const next = waiting.shift();
    if (next === undefined) free.push(connection);
    else send(connection, next);
    if (latencies.total === amount) resolve();
  };
  const connect = () => connectKept(server.port, { onAnswer, onFailure: reject });
  const connections = await Promise.all(Array.from({ length: schedule.connections }, connect));
  free.push(...connections);

  const startedMs = performance.now() + intervalMs;
  const lastMomentMs = startedMs + schedule.durationMs + GRACE_MS;
  const momentOf = (number: number) => startedMs + number * intervalMs;
  let begun = 0;
  let isOver = false;
  const turn = () => {
    if (isOver) return;
    for (let scheduledMs = momentOf(begun); begun < amount; scheduledMs = momentOf(++begun)) {
      const nowMs = performance.now();
      if (nowMs < scheduledMs) break;
      lateness.add(nowMs - scheduledMs);
      const connection = free.shift();
      if (connection === undefined) waiting.push(scheduledMs);
      else send(connection, scheduledMs);
    }
    if (performance.now() < lastMomentMs) return void setImmediate(turn);
    reject(new Error(`${amount - latencies.total} of ${amount} requests had no answer after ${GRACE_MS} ms`));
  };
  turn();
  try {
    await promise;
  } finally {
    isOver = true;
    for (const connection of connections) connection.close();
  }
  return { latencies, lateness };
}
