import type { Socket } from "bun";
import { MessageReader } from "./http-framing.ts";
import { streamOf } from "./requests.ts";

/** A provider double on a raw socket with prebuilt answers: the least that a provider can cost. */
export interface CannedUpstream {
  readonly port: number;
  /** Sends the next event of this stream. */
  nextEvent(stream: number): void;
  /** Ends this stream as it should end, with its usage if that was asked for. */
  endStream(stream: number): void;
  /** Called when the connection that carried a stream was closed before the stream had ended. */
  onAborted: (stream: number) => void;
  close(): void;
}

interface Connection {
  readonly reader: MessageReader;
  stream: number | undefined;
}

interface Stream {
  readonly socket: Socket<Connection>;
  readonly tellsUsage: boolean;
  events: number;
}

/**
 * Answers chat completions of about 1 kB at once. A streamed one sends its first event at once and each further one
 * when told, so that chunks arrive singly, as they do from a model, however fast the proxy is, and that a stream stays
 * silent for as long as nobody tells.
 */
export function startCannedUpstream(): CannedUpstream {
  const streams = new Map<number, Stream>();
  const upstream: CannedUpstream = {
    port: 0,
    nextEvent(number) {
      const stream = streams.get(number);
      if (stream === undefined) return;
      stream.events++;
      stream.socket.write(EVENT);
    },
    endStream(number) {
      const stream = streams.get(number);
      if (stream === undefined) return;
      streams.delete(number);
      stream.socket.data.stream = undefined;
      stream.socket.write(stream.tellsUsage ? endWithUsage(stream.events) : END);
    },
    onAborted: () => {},
    close: () => listener.stop(true),
  };

  const listener = Bun.listen<Connection>({
    hostname: "127.0.0.1",
    port: 0,
    socket: {
      open(socket) {
        socket.data = { reader: new MessageReader(), stream: undefined };
      },
      data(socket, piece) {
        const message = socket.data.reader.push(piece);
        if (message === undefined) return;
        const { head, body } = message;
        if (head.startsWith("GET ")) return void socket.write(MODELS);
        const number = streamOf(body);
        if (number === undefined) return void socket.write(COMPLETION);
        socket.data.stream = number;
        streams.set(number, { socket, tellsUsage: body.includes("include_usage"), events: 0 });
        socket.write(STREAM_HEAD);
        upstream.nextEvent(number);
      },
      close(socket) {
        const number = socket.data.stream;
        if (number !== undefined && streams.delete(number)) upstream.onAborted(number);
      },
    },
  });
  return Object.assign(upstream, { port: listener.port });
}

const MODELS = answer({ object: "list", data: [] });

const COMPLETION = answer({
  id: "chatcmpl-bench",
  object: "chat.completion",
  created: 1_700_000_000,
  model: "gpt-4.1-mini",
  choices: [
    { index: 0, message: { role: "assistant", content: "word ".repeat(150) }, finish_reason: "stop" },
  ],
  usage: {
    prompt_tokens: 200,
    completion_tokens: 150,
    total_tokens: 350,
    prompt_tokens_details: { cached_tokens: 0 },
  },
});

const STREAM_HEAD = Buffer.from(
  "HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\ntransfer-encoding: chunked\r\n\r\n",
);
const EVENT = chunk(event({ choices: [{ index: 0, delta: { content: " token" }, finish_reason: null }] }));
const DONE = "data: [DONE]\n\n";
const LAST_CHUNK = "0\r\n\r\n";
const END = Buffer.concat([chunk(DONE), Buffer.from(LAST_CHUNK)]);

function endWithUsage(events: number): Buffer {
  const usage = { prompt_tokens: 200, completion_tokens: events, total_tokens: 200 + events };
  return Buffer.concat([chunk(event({ choices: [], usage })), END]);
}

function answer(body: object): Buffer {
  const text = JSON.stringify(body);
  return Buffer.from(
    `HTTP/1.1 200 OK\r\ncontent-type: application/json\r\nx-request-id: req_bench\r\ncontent-length: ${text.length}\r\n\r\n${text}`,
  );
}

function event(members: object): string {
  const piece = {
    id: "chatcmpl-bench",
    object: "chat.completion.chunk",
    created: 1_700_000_000,
    model: "gpt-4.1-mini",
    ...members,
  };
  return `data: ${JSON.stringify(piece)}\n\n`;
}

function chunk(text: string): Buffer {
  return Buffer.from(`${text.length.toString(16)}\r\n${text}\r\n`);
}
