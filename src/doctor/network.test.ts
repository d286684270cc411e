import { expect, test } from "bun:test";
import { createServer } from "node:net";
import { AppError, systemClock } from "../kernel/index.ts";
import { createNetworkProbe } from "./network.ts";

const settings = { baseUrl: "http://127.0.0.1" };
const probe = (changes: Partial<Parameters<typeof createNetworkProbe>[0]> = {}) =>
  createNetworkProbe({
    fetch: (url, init) => fetch(url, init),
    resolveHost: () => Promise.resolve(["127.0.0.1"]),
    clock: systemClock,
    limitMs: 500,
    ...changes,
  });

async function listener(onConnection: (socket: { write(text: string): void; end(): void }) => void) {
  const server = createServer(onConnection);
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const address = server.address();
  const port = typeof address === "object" && address ? address.port : 0;
  return { port, [Symbol.dispose]: () => void server.close() };
}

test("any answer is one, whatever its status, and its date tells the clock", async () => {
  const dateMs = Math.floor(Date.now() / 1000) * 1000 - 90_000;
  using server = Bun.serve({
    port: 0,
    fetch: () => new Response("no", { status: 401, headers: { date: new Date(dateMs).toUTCString() } }),
  });
  const reach = await probe().reach(`http://127.0.0.1:${server.port}/v1/models`, settings);
  expect(reach.step).toBe("answered");
  expect(Math.round((reach.clockOffsetMs ?? 0) / 10_000)).toBe(-9);
});

test("a name that is not found, a port that is closed, and a server that says nothing are told apart", async () => {
  const notFound = Object.assign(new Error("x"), { code: "ENOTFOUND" });
  const fails = () => Promise.reject(new Error("failed"));
  expect(
    await probe({ fetch: fails, resolveHost: () => Promise.reject(notFound) }).reach(
      "http://no.such.host/",
      settings,
    ),
  ).toMatchObject({ step: "name", problem: "ENOTFOUND" });
  expect(
    await probe({ fetch: fails, resolveHost: async () => [] }).reach("http://a.b/", settings),
  ).toMatchObject({
    step: "name",
  });

  let closedPort: number;
  {
    using server = await listener(() => {});
    closedPort = server.port;
    expect(await probe().reach(`http://127.0.0.1:${server.port}/`, settings)).toMatchObject({
      step: "answer",
    });
  }
  expect(await probe().reach(`http://127.0.0.1:${closedPort}/`, settings)).toMatchObject({
    step: "connect",
    problem: "ECONNREFUSED",
  });
});

test("what does not speak TLS has no certificate", async () => {
  using server = await listener((socket) => {
    socket.write("hello\n");
    socket.end();
  });
  expect(await probe().reach(`https://127.0.0.1:${server.port}/`, settings)).toMatchObject({
    step: "certificate",
  });
});

test("an address that may not be called is not called", async () => {
  const refused = () => Promise.reject(new AppError("not_allowed", "the address is private"));
  const resolveHost = () => Promise.reject(new Error("must not be asked"));
  expect(await probe({ fetch: refused, resolveHost }).reach("http://10.0.0.1/", settings)).toMatchObject({
    step: "address",
    problem: "the address is private",
  });
});
