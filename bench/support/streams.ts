import type { CannedUpstream } from "./canned-upstream.ts";
import { Histogram } from "./histogram.ts";
import { EventCounter } from "./http-framing.ts";
import { type Asked, streamRequest } from "./requests.ts";

export interface StreamLoad {
  /** At the same time. */
  readonly concurrent: number;
  /** Of each stream, without its end. */
  readonly chunks: number;
  /** Streams under way then are ended early, as they should end. */
  readonly limitMs: number;
}

export interface StreamResult {
  readonly chunks: number;
  readonly durationMs: number;
  readonly firstBytes: Histogram;
}

/** Streams whose next event is sent when the one before has arrived, so that none are merged. */
export async function runStreams(
  server: Asked,
  upstream: CannedUpstream,
  load: StreamLoad,
): Promise<StreamResult> {
  const firstBytes = new Histogram();
  let chunks = 0;
  const startedMs = performance.now();
  const lastMomentMs = startedMs + load.limitMs;
  const one = async (number: number) => {
    let told = 0;
    let isEnding = false;
    const onEvents = (events: number) => {
      for (let left = events; left > 0 && !isEnding; left--) {
        chunks++;
        isEnding = ++told === load.chunks || performance.now() > lastMomentMs;
        if (isEnding) upstream.endStream(number);
        else upstream.nextEvent(number);
      }
    };
    const stream = await openStream(server, number, onEvents);
    firstBytes.add(await stream.firstByteMs);
    const events = await stream.ended;
    if (events <= told) throw new Error(`${told} events were sent, and ${events} arrived with the end`);
  };
  const oneAfterTheOther = async (number: number) => {
    while (performance.now() < lastMomentMs) await one(number);
  };
  await Promise.all(Array.from({ length: load.concurrent }, (_, number) => oneAfterTheOther(number)));
  return { chunks, durationMs: performance.now() - startedMs, firstBytes };
}

/** From closing the caller's connection to the provider's connection being closed; one stream at a time. */
export async function measureAborts(
  server: Asked,
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
  upstream.onAborted = () => {};
  return { abortMs, firstByteMs };
}

export interface OpenStream {
  /** From sending the request to the first event. */
  readonly firstByteMs: Promise<number>;
  /** How many events came. */
  readonly ended: Promise<number>;
  leave(): void;
}

export async function openStream(
  server: Asked,
  number: number,
  onEvents: (events: number) => void,
): Promise<OpenStream> {
  const first = Promise.withResolvers<number>();
  const end = Promise.withResolvers<number>();
  // Whoever left waits for neither.
  first.promise.catch(() => {});
  end.promise.catch(() => {});
  const fail = (error: Error) => {
    first.reject(error);
    end.reject(error);
  };
  const counter = new EventCounter();
  const request = streamRequest(server, number);
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
