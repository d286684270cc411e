/** A way to a database that can be cut: what is sent into it then arrives nowhere, and nobody is told. */
import { connect, createServer, type Socket } from "node:net";
import type { Machines } from "./machines.ts";

/**
 * Machines on this one, whose ways to the database are relays that stop passing bytes on: what networks do, as far as
 * that can be had without any right.
 */
export async function machinesBehindRelays(databaseUrl: string, amount: number): Promise<Machines> {
  const ways = await Promise.all(Array.from({ length: amount }, () => cuttable(databaseUrl)));
  return {
    each: ways.map((way) => ({ databaseUrl: way.url, startedBy: [], upArguments: [] })),
    providerHost: "127.0.0.1",
    providerArguments: [],
    cuts: ["the database"],
    cut: async (machine) => ways[machine]?.cut(true),
    heal: async (machine) => ways[machine]?.cut(false),
    async close() {
      for (const way of ways) await way.close();
    },
  };
}

interface CuttableWay {
  /** The database's URL, over this way. */
  readonly url: string;
  cut(isCut: boolean): void;
  close(): Promise<void>;
}

async function cuttable(databaseUrl: string): Promise<CuttableWay> {
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
