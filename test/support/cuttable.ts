/** A way to a database that can be cut: what is sent into it then arrives nowhere, and nobody is told. */
import { connect, createServer, type Socket } from "node:net";

export interface CuttableWay {
  /** The database's URL, over this way. */
  readonly url: string;
  cut(isCut: boolean): void;
  close(): Promise<void>;
}

export async function cuttable(databaseUrl: string): Promise<CuttableWay> {
  const target = new URL(databaseUrl);
  const sockets = new Set<Socket>();
  let isCut = false;
  const hold = (socket: Socket) => (isCut ? socket.pause() : socket.resume());
  const server = createServer((near) => {
    const far = connect(Number(target.port), target.hostname);
    for (const [one, other] of [
      [near, far],
      [far, near],
    ] as const) {
      sockets.add(one);
      one.on("data", (chunk) => void other.write(chunk));
      one.on("close", () => {
        sockets.delete(one);
        other.destroy();
      });
      one.on("error", () => one.destroy());
      hold(one);
    }
  });
  await new Promise<void>((resolve) => {
    server.listen(0, "127.0.0.1", resolve);
  });
  const address = server.address();
  const url = new URL(databaseUrl);
  url.port = String(typeof address === "object" && address !== null ? address.port : 0);
  return {
    url: url.href,
    cut(next) {
      isCut = next;
      for (const socket of sockets) hold(socket);
    },
    close: () =>
      new Promise((resolve) => {
        for (const socket of sockets) socket.destroy();
        server.close(() => resolve());
      }),
  };
}
