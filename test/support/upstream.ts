// A provider's double for the data plane: real sockets, canned answers, and a journal of what arrived. Raw, so that
// it can also misbehave in ways no HTTP server would.
import { createServer, type Server, type Socket } from "node:net";

/** One request as it arrived, byte for byte. */
export interface Arrived {
  readonly method: string;
  readonly path: string;
  readonly headers: ReadonlyMap<string, string>;
  readonly body: Buffer;
  /** Resolves when the client has closed the connection. */
  readonly closed: Promise<void>;
}

/** Writes the answer; `socket` is the raw connection. */
export type Behaviour = (arrived: Arrived, socket: Socket) => void | Promise<void>;

export interface Upstream {
  readonly url: string;
  readonly port: number;
  readonly arrived: readonly Arrived[];
  behave(behaviour: Behaviour): void;
  close(): Promise<void>;
}

export async function startUpstream(first: Behaviour): Promise<Upstream> {
  const arrived: Arrived[] = [];
  const sockets = new Set<Socket>();
  let behaviour = first;
  const server: Server = createServer((socket) => {
    sockets.add(socket);
    const closed = new Promise<void>((resolve) => {
      socket.on("close", () => {
        sockets.delete(socket);
        resolve();
      });
    });
    let pending: Buffer = Buffer.alloc(0);
    socket.on("error", () => {});
    socket.on("data", (data: Buffer) => {
      pending = Buffer.concat([pending, data]);
      for (;;) {
        const read = readRequest(pending);
        if (read === undefined) return;
        pending = pending.subarray(read.size);
        const request = { ...read.request, closed };
        arrived.push(request);
        void behaviour(request, socket);
      }
    });
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const address = server.address();
  const port = typeof address === "object" && address !== null ? address.port : 0;
  return {
    url: `http://127.0.0.1:${port}`,
    port,
    arrived,
    behave: (next) => {
      behaviour = next;
    },
    close: () =>
      new Promise((resolve) => {
        for (const socket of sockets) socket.destroy();
        server.close(() => resolve());
      }),
  };
}

function readRequest(bytes: Buffer): { request: Omit<Arrived, "closed">; size: number } | undefined {
  const headEnd = bytes.indexOf("\r\n\r\n");
  if (headEnd < 0) return undefined;
  const [line = "", ...rows] = bytes.toString("latin1", 0, headEnd).split("\r\n");
  const headers = new Map(
    rows.map((row) => [row.slice(0, row.indexOf(":")).toLowerCase(), row.slice(row.indexOf(":") + 1).trim()]),
  );
  const [method = "", path = ""] = line.split(" ");
  const body = readBody(bytes.subarray(headEnd + 4), headers);
  if (body === undefined) return undefined;
  return { request: { method, path, headers, body: body.bytes }, size: headEnd + 4 + body.size };
}

function readBody(
  rest: Buffer,
  headers: ReadonlyMap<string, string>,
): { bytes: Buffer; size: number } | undefined {
  if (headers.get("transfer-encoding") === "chunked") return readChunks(rest);
  const size = Number(headers.get("content-length") ?? "0");
  return rest.length < size ? undefined : { bytes: Buffer.from(rest.subarray(0, size)), size };
}

function readChunks(rest: Buffer): { bytes: Buffer; size: number } | undefined {
  const pieces: Buffer[] = [];
  let at = 0;
  for (;;) {
    const lineEnd = rest.indexOf("\r\n", at);
    if (lineEnd < 0) return undefined;
    const size = Number.parseInt(rest.toString("latin1", at, lineEnd), 16);
    const next = lineEnd + 2 + size + 2;
    if (rest.length < next) return undefined;
    if (size === 0) return { bytes: Buffer.concat(pieces), size: next };
    pieces.push(Buffer.from(rest.subarray(lineEnd + 2, lineEnd + 2 + size)));
    at = next;
  }
}

/** A whole answer with a length. */
export function whole(
  status: number,
  body: string | Uint8Array,
  headers: Readonly<Record<string, string>> = {},
): Behaviour {
  const bytes = Buffer.from(body);
  return (_, socket) => {
    const head = headOf(status, {
      "content-type": "application/json",
      ...headers,
      "content-length": `${bytes.length}`,
    });
    socket.write(Buffer.concat([Buffer.from(head), bytes]));
  };
}

export function json(
  status: number,
  document: unknown,
  headers: Readonly<Record<string, string>> = {},
): Behaviour {
  return whole(status, JSON.stringify(document), headers);
}

/** A chunked stream of exactly these pieces; each is written when the one before has left. */
export function chunked(
  pieces: Iterable<string | Uint8Array> | AsyncIterable<string | Uint8Array>,
  headers: Readonly<Record<string, string>> = {},
  end: "proper" | "reset" | "close" = "proper",
): Behaviour {
  return async (_, socket) => {
    socket.write(
      headOf(200, { "content-type": "text/event-stream", ...headers, "transfer-encoding": "chunked" }),
    );
    for await (const piece of pieces) {
      if (socket.destroyed) return;
      const bytes = Buffer.from(piece);
      const framed = Buffer.concat([
        Buffer.from(`${bytes.length.toString(16)}\r\n`),
        bytes,
        Buffer.from("\r\n"),
      ]);
      await written(socket, framed);
    }
    if (end === "proper") socket.write("0\r\n\r\n");
    else if (end === "reset") socket.resetAndDestroy();
    else socket.end();
  };
}

/** Not before the bytes are on their way: a stalled reader stalls this double. */
function written(socket: Socket, bytes: Buffer): Promise<void> {
  return new Promise((resolve) => {
    const done = () => {
      socket.off("close", done);
      resolve();
    };
    socket.once("close", done);
    socket.write(bytes, done);
  });
}

/** Bytes as they are, then the end of the connection. */
export function rawBytes(text: string): Behaviour {
  return (_, socket) => void socket.end(text);
}

function headOf(status: number, headers: Readonly<Record<string, string>>): string {
  const rows = Object.entries(headers).map(([name, value]) => `${name}: ${value}\r\n`);
  return `HTTP/1.1 ${status} Status\r\n${rows.join("")}\r\n`;
}
