import type { Socket } from "bun";
import { isOk, MessageReader } from "./http-framing.ts";

/** A connection that is kept open, with one request under way at a time. */
export interface KeptConnection {
  /** Sends a request; its answer is told by `onAnswer`. */
  send(request: Uint8Array): void;
  close(): void;
}

export interface ConnectionEvents {
  /** An answer with status 200 has come whole. */
  onAnswer(connection: KeptConnection): void;
  /** It is over: another status, a lost connection. Told once at most, and not after `close`. */
  onFailure(error: Error): void;
}

export async function connectKept(port: number, events: ConnectionEvents): Promise<KeptConnection> {
  const reader = new MessageReader();
  let isOver = false;
  let unsent: Uint8Array = new Uint8Array();
  const fail = (error: Error) => {
    if (isOver) return;
    isOver = true;
    events.onFailure(error);
  };
  const write = (socket: Socket) => {
    if (unsent.length > 0) unsent = unsent.subarray(Math.max(0, socket.write(unsent)));
  };
  const socket: Socket = await Bun.connect({
    hostname: "127.0.0.1",
    port,
    socket: {
      data(_, piece) {
        const message = reader.push(piece);
        if (message === undefined) return;
        if (isOk(message.head)) return events.onAnswer(connection);
        fail(new Error(`${message.head}\n${message.body.toString()}`));
      },
      drain: write,
      close: () => fail(new Error("the server closed a connection")),
      error: (_, error) => fail(error),
    },
  });
  const connection: KeptConnection = {
    send(request) {
      unsent = request;
      write(socket);
    },
    close() {
      isOver = true;
      socket.end();
    },
  };
  return connection;
}
