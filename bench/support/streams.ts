import { type CannedUpstream, STREAM_EVENTS } from "./canned-upstream.ts";
import { EventCounter } from "./http-framing.ts";
import { percentile } from "./numbers.ts";
import type { ServerUnderTest } from "./servers.ts";
import { httpPost } from "./short-requests.ts";

export interface StreamLoad {
  /** At the same time. */
  readonly concurrent: number;
  readonly limitMs: number;
}

export interface StreamResult {
  readonly chunks: number;
  readonly durationMs: number;
  readonly firstByteP50Ms: number;
  readonly firstByteP99Ms: number;
}

/** Streams of 200 events; the next event is sent when the one before has arrived, so that none are merged. */
export async function runStreams(
  server: ServerUnderTest,
  upstream: CannedUpstream,
  load: StreamLoad,
): Promise<StreamResult> {
  const firstBytesMs: number[] = [];
  let chunks = 0;
  const startedMs = performance.now();
  const lastMomentMs = startedMs + load.limitMs;
  const one = async (number: number) => {
    while (performance.now() < lastMomentMs) {
      const stream = await openStream(server, number, (events) => {
        chunks += events;
        for (let told = 0; told < events; told++) upstream.nextEvent(number);
      });
      firstBytesMs.push(await stream.firstByteMs);
      const events = await stream.ended;
      if (events !== STREAM_EVENTS + 1) throw new Error(`a stream of ${events} events arrived`);
    }
  };
  await Promise.all(Array.from({ length: load.concurrent }, (_, number) => one(number)));
  return {
    chunks,
    durationMs: performance.now() - startedMs,
    firstByteP50Ms: percentile(firstBytesMs, 50),
    firstByteP99Ms: percentile(firstBytesMs, 99),
  };
}

/** From closing the caller's connection to the provider's connection being closed; one stream at a time. */
export async function measureAborts(
  server: ServerUnderTest,
  upstream: CannedUpstream,
  times: number,
): Promise<{ abortMs: number[]; firstByteMs: number[] }> {
  const abortMs: number[] = [];
  const firstByteMs: number[] = [];
  for (let number = 0; number < times; number++) {
    const aborted = new Promise<void>((resolve) => {
      upstream.onAborted = () => resolve();
    });
    const stream = await openStream(server, number, () => {});
    firstByteMs.push(await stream.firstByteMs);
    const leftMs = performance.now();
    stream.leave();
    await aborted;
    abortMs.push(performance.now() - leftMs);
  }
  return { abortMs, firstByteMs };
}

interface OpenStream {
  /** From sending the request to the first event. */
  readonly firstByteMs: Promise<number>;
  /** How many events came. */
  readonly ended: Promise<number>;
  leave(): void;
}

async function openStream(
  server: ServerUnderTest,
  number: number,
  onEvents: (events: number) => void,
): Promise<OpenStream> {
  const first = Promise.withResolvers<number>();
  const end = Promise.withResolvers<number>();
  // Whoever left does not wait for the end.
  end.promise.catch(() => {});
  const fail = (error: Error) => {
    first.reject(error);
    end.reject(error);
  };
  const counter = new EventCounter();
  const request = httpPost({ ...server, body: BODY, headers: [`x-bench-stream: ${number}`] });
  const sentMs = performance.now();
  const socket = await Bun.connect({
    hostname: "127.0.0.1",
    port: server.port,
    socket: {
      open: (socket) => void socket.write(request),
      data(socket, piece) {
        const before = counter.events;
        try {
          counter.push(piece);
        } catch (error) {
          return fail(error as Error);
        }
        if (counter.events > 0) first.resolve(performance.now() - sentMs);
        if (counter.events > before) onEvents(counter.events - before);
        if (!counter.ended) return;
        end.resolve(counter.events);
        socket.end();
      },
      close: () => fail(new Error("the server closed a stream before its end")),
      error: (_, error) => fail(error),
    },
  });
  return { firstByteMs: first.promise, ended: end.promise, leave: () => socket.terminate() };
}

const BODY = JSON.stringify({
  model: "gpt-4.1-mini",
  stream: true,
  messages: [{ role: "user", content: "word ".repeat(180) }],
});
