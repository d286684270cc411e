import { isOk, MessageReader } from "./http-framing.ts";
import { percentile } from "./numbers.ts";
import type { ServerUnderTest } from "./servers.ts";

export interface ShortLoad {
  readonly connections: number;
  /** Ends after this many requests… */
  readonly requests: number;
  /** …or after this time, whichever comes first. */
  readonly limitMs: number;
  /** Size of the prompt; default 900. */
  readonly promptBytes?: number;
  /** Told now and then how many requests are done. */
  readonly onProgress?: (done: number) => void;
}

export interface ShortResult {
  readonly requests: number;
  readonly durationMs: number;
  readonly p50Ms: number;
  readonly p99Ms: number;
}

const PROGRESS_EVERY = 1000;

/** Sends chat completions of about 1 kB on kept-alive connections, each the next one as soon as it has its answer. */
export async function sendShortRequests(
  server: Pick<ServerUnderTest, "port" | "credential" | "headers">,
  load: ShortLoad,
): Promise<ShortResult> {
  const request = shortRequest(server, load.promptBytes);
  const latenciesMs: number[] = [];
  const startedMs = performance.now();
  const lastMomentMs = startedMs + load.limitMs;
  let begun = 0;
  const mayGoOn = () => begun < load.requests && performance.now() < lastMomentMs;

  const onDone = (sentMs: number) => {
    latenciesMs.push(performance.now() - sentMs);
    if (latenciesMs.length % PROGRESS_EVERY === 0) load.onProgress?.(latenciesMs.length);
  };
  const one = () => {
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    const reader = new MessageReader();
    let sentMs = 0;
    const send = (socket: { write(bytes: Uint8Array): number; end(): unknown }) => {
      if (!mayGoOn()) {
        resolve();
        return void socket.end();
      }
      begun++;
      sentMs = performance.now();
      socket.write(request);
    };
    Bun.connect({
      hostname: "127.0.0.1",
      port: server.port,
      socket: {
        open: send,
        data(socket, piece) {
          const message = reader.push(piece);
          if (message === undefined) return;
          if (!isOk(message.head)) return reject(new Error(`${message.head}\n${message.body.toString()}`));
          onDone(sentMs);
          send(socket);
        },
        close: () => reject(new Error("the server closed a connection")),
        error: (_, error) => reject(error),
      },
    }).catch(reject);
    return promise;
  };
  await Promise.all(Array.from({ length: load.connections }, one));
  return {
    requests: latenciesMs.length,
    durationMs: performance.now() - startedMs,
    p50Ms: percentile(latenciesMs, 50),
    p99Ms: percentile(latenciesMs, 99),
  };
}

function shortRequest(
  { port, credential, headers = [] }: Pick<ServerUnderTest, "port" | "credential" | "headers">,
  promptBytes = 900,
): Buffer {
  const body = JSON.stringify({
    model: "gpt-4.1-mini",
    messages: [
      { role: "system", content: "You are a helpful assistant." },
      { role: "user", content: "word ".repeat(promptBytes / 5) },
    ],
    temperature: 0.2,
    max_tokens: 500,
  });
  return httpPost({ port, credential, body, headers });
}

/** The bytes of one request, with the headers that an SDK sends. */
export function httpPost({
  port,
  credential,
  body,
  headers,
}: {
  readonly port: number;
  readonly credential: string;
  readonly body: string;
  readonly headers: readonly string[];
}): Buffer {
  const head = [
    "POST /v1/chat/completions HTTP/1.1",
    `host: 127.0.0.1:${port}`,
    `authorization: Bearer ${credential}`,
    "content-type: application/json",
    "accept: application/json",
    "accept-encoding: gzip, deflate, br, zstd",
    "user-agent: bench/1.0",
    ...headers,
    `content-length: ${Buffer.byteLength(body)}`,
  ];
  return Buffer.from(`${head.join("\r\n")}\r\n\r\n${body}`);
}
