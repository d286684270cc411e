import type { Socket } from "bun";
import { MessageReader } from "./http-framing.ts";

/** Events of one stream, without the usage chunk. */
export const STREAM_EVENTS = 200;

/** A provider double on a raw socket with prebuilt answers: the least that a provider can cost. */
export interface CannedUpstream {
  readonly port: number;
  /** Sends the next event of this stream. */
  nextEvent(stream: number): void;
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
  sent: number;
}

/**
 * Answers chat completions of about 1 kB at once. A streamed one sends its first event at once and each further one
 * when told, so that chunks arrive singly, as they do from a model, however fast the proxy is.
 */
export function startCannedUpstream(): CannedUpstream {
  const streams = new Map<number, Stream>();
  const upstream: CannedUpstream = {
    port: 0,
    nextEvent,
    onAborted: () => {},
    close: () => listener.stop(true),
  };

  function nextEvent(number: number): void {
    const stream = streams.get(number);
    if (stream === undefined) return;
    if (stream.sent < STREAM_EVENTS) {
      stream.sent++;
      stream.socket.write(EVENT);
      return;
    }
    streams.delete(number);
    stream.socket.data.stream = undefined;
    stream.socket.write(stream.tellsUsage ? END_WITH_USAGE : END);
  }

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
        const number = Number(/\r\nx-bench-stream: (\d+)/i.exec(head)?.[1] ?? -1);
        if (number < 0) return void socket.write(COMPLETION);
        socket.data.stream = number;
        streams.set(number, { socket, tellsUsage: body.includes("include_usage"), sent: 0 });
        socket.write(STREAM_HEAD);
        nextEvent(number);
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
const USAGE = event({
  choices: [],
  usage: { prompt_tokens: 200, completion_tokens: STREAM_EVENTS, total_tokens: 200 + STREAM_EVENTS },
});
const DONE = "data: [DONE]\n\n";
const END = Buffer.concat([chunk(DONE), Buffer.from("0\r\n\r\n")]);
const END_WITH_USAGE = Buffer.concat([chunk(USAGE), chunk(DONE), Buffer.from("0\r\n\r\n")]);

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
