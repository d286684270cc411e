// Requests over kept connections: in step, or not at all.
import { afterEach, expect, test } from "bun:test";
import type { Socket } from "bun";
import { systemClock } from "../../kernel/index.ts";
import type { Destination } from "../destination.ts";
import { type UpstreamBody, wholeBody } from "./body.ts";
import { createUpstreamClient, type UpstreamClient } from "./client.ts";
import { UpstreamError } from "./upstream-error.ts";

interface Peer {
  readonly destination: Destination;
  /** All connections that were made. */
  readonly sockets: Socket[];
  /** What came in, all connections together. */
  received(): string;
  ended(): number;
}

const open: { stop(force?: boolean): void }[] = [];
const clients: UpstreamClient[] = [];
afterEach(() => {
  for (const client of clients.splice(0)) client.close();
  for (const server of open.splice(0)) server.stop(true);
});

function peer(onData: (socket: Socket, text: string) => void): Peer {
  const sockets: Socket[] = [];
  let text = "";
  let ended = 0;
  const server = Bun.listen({
    hostname: "127.0.0.1",
    port: 0,
    socket: {
      open: (socket: Socket) => void sockets.push(socket),
      data(socket: Socket, bytes) {
        text += bytes.toString("latin1");
        onData(socket, bytes.toString("latin1"));
      },
      close: () => void ended++,
    },
  });
  open.push(server);
  const origin = `http://127.0.0.1:${server.port}`;
  return {
    sockets,
    received: () => text,
    ended: () => ended,
    destination: {
      origin,
      host: `127.0.0.1:${server.port}`,
      serverName: undefined,
      secure: false,
      address: "127.0.0.1",
      port: server.port,
      key: origin,
    },
  };
}

function client(connectLimitMs?: number): UpstreamClient {
  const made = createUpstreamClient({
    clock: systemClock,
    ...(connectLimitMs === undefined ? {} : { connectLimitMs }),
  });
  clients.push(made);
  return made;
}

const post = (destination: Destination, body = "{}") => ({
  method: "POST",
  target: "/v1/x?y=1",
  destination,
  headers: [["x-a", "1"]] as const as unknown as [string, string][],
  body: Buffer.from(body),
});

const text = async (body: UpstreamBody | null) =>
  body === null ? "" : Buffer.from(await wholeBody(body)).toString();
const until = async (holds: () => boolean) => {
  while (!holds()) await Bun.sleep(2);
};
const ok = (body: string, extra = "") =>
  `HTTP/1.1 200 OK\r\n${extra}content-length: ${body.length}\r\n\r\n${body}`;

test("one connection serves request after request, with the bytes that were asked for", async () => {
  const upstream = peer((socket) => socket.write(ok("hello")));
  const http = client();
  for (let i = 0; i < 3; i++) {
    const answer = await http.send(post(upstream.destination)).answer;
    expect(answer.status).toBe(200);
    expect(await text(answer.body)).toBe("hello");
  }
  expect(upstream.sockets).toHaveLength(1);
  const request = `POST /v1/x?y=1 HTTP/1.1\r\nhost: ${upstream.destination.host}\r\nx-a: 1\r\ncontent-length: 2\r\n\r\n{}`;
  expect(upstream.received()).toBe(request.repeat(3));
});

test("requests at the same time have connections of their own", async () => {
  const upstream = peer((socket, request) => socket.write(ok(/x-n: (\d+)/.exec(request)?.[1] ?? "")));
  const http = client();
  const answers = await Promise.all(
    Array.from({ length: 20 }, async (_, n) => {
      const { answer } = http.send({ ...post(upstream.destination), headers: [["x-n", String(n)]] });
      return await text((await answer).body);
    }),
  );
  expect(answers).toEqual(Array.from({ length: 20 }, (_, n) => String(n)));
});

test("a connection that the server has closed, or keeps only for a moment, is not used again", async () => {
  const closing = peer((socket) => {
    socket.write(ok("a"));
    socket.end();
  });
  const short = peer((socket) => socket.write(ok("b", "keep-alive: timeout=1\r\n")));
  const asked = peer((socket) => socket.write(ok("c", "connection: close\r\n")));
  for (const upstream of [closing, short, asked]) {
    const http = client();
    for (let i = 0; i < 2; i++) {
      await text((await http.send(post(upstream.destination)).answer).body);
      if (upstream === closing) {
        await until(() => closing.ended() === i + 1);
        await Bun.sleep(10);
      }
    }
    expect(upstream.sockets).toHaveLength(2);
  }
});

test("bytes that nobody asked for end the connection: the next caller must not get them", async () => {
  const behind = peer((socket) => socket.write(`${ok("a")}${ok("not yours")}`));
  const idle = peer((socket) => socket.write(ok("a")));
  const http = client();
  expect(await text((await http.send(post(behind.destination)).answer).body)).toBe("a");
  expect(await text((await http.send(post(behind.destination)).answer).body)).toBe("a");
  expect(behind.sockets).toHaveLength(2);

  expect(await text((await http.send(post(idle.destination)).answer).body)).toBe("a");
  idle.sockets[0]?.write(ok("not yours"));
  await until(() => idle.ended() === 1);
  expect(await text((await http.send(post(idle.destination)).answer).body)).toBe("a");
  expect(idle.sockets).toHaveLength(2);
});

test("an answer before the request is whole ends the connection with it", async () => {
  const upstream = peer((socket) => {
    socket.pause();
    socket.write("HTTP/1.1 413 Too Large\r\ncontent-length: 0\r\n\r\n");
  });
  const http = client();
  const { answer } = http.send(post(upstream.destination, "x".repeat(20_000_000)));
  expect((await answer).status).toBe(413);
  upstream.sockets[0]?.resume();
  await until(() => upstream.ended() === 1);
});

test("a large body arrives whole, however slowly it is taken", async () => {
  const size = 8_000_000;
  let seen = 0;
  const upstream = peer((socket, request) => {
    seen += request.length;
    socket.pause();
    setTimeout(() => socket.resume(), 1);
    if (seen >= size) socket.write(ok("done"));
  });
  const answer = await client().send(post(upstream.destination, "x".repeat(size))).answer;
  expect(await text(answer.body)).toBe("done");
  expect(upstream.received().endsWith("x".repeat(1000))).toBe(true);
});

test("a reader that takes its time slows the server down, and the next answer does not wait for it", async () => {
  const total = 20_000_000;
  let sent = 0;
  const fill = (socket: Socket) => {
    while (sent < total) {
      const written = socket.write(Buffer.alloc(Math.min(65_536, total - sent)));
      sent += written;
      if (written < 65_536) return;
    }
  };
  let asked = 0;
  const server = Bun.listen({
    hostname: "127.0.0.1",
    port: 0,
    socket: {
      data(socket: Socket) {
        if (++asked > 1) return void socket.write(ok("next"));
        socket.write(`HTTP/1.1 200 OK\r\ncontent-length: ${total}\r\n\r\n`);
        fill(socket);
      },
      drain: fill,
    },
  });
  open.push(server);
  const destination = { ...peer(() => {}).destination, port: server.port, key: "slow" };
  const http = client();
  const { body } = await http.send(post(destination)).answer;
  await Bun.sleep(100);
  expect(sent).toBeLessThan(total);
  let read = 0;
  for (let piece = await body?.read(); piece !== undefined; piece = await body?.read()) read += piece.length;
  expect(read).toBe(total);
  expect(await text((await http.send(post(destination)).answer).body)).toBe("next");
});

test("half an answer, no answer and what is no HTTP are errors that say whether anything was sent", async () => {
  const cases: [string, (socket: Socket) => void][] = [
    ["reset", (socket) => socket.terminate()],
    ["closed", (socket) => socket.end()],
    ["garbage", (socket) => socket.write("220 smtp ready\r\n\r\n")],
  ];
  for (const [, act] of cases) {
    const upstream = peer(act);
    const failure = await client()
      .send(post(upstream.destination))
      .answer.catch((error: unknown) => error);
    expect(failure).toBeInstanceOf(Error);
    expect(failure instanceof UpstreamError && !failure.sent).toBe(false);
  }
  const cut = peer((socket) => {
    socket.write("HTTP/1.1 200 OK\r\ncontent-length: 10\r\n\r\nhalf");
    setTimeout(() => socket.end(), 5);
  });
  const { body } = await client().send(post(cut.destination)).answer;
  expect(await body?.read()).toEqual(Buffer.from("half"));
  expect(Promise.resolve().then(() => body?.read())).rejects.toBeInstanceOf(UpstreamError);

  const nobody = peer(() => {});
  open.pop()?.stop(true);
  const refused = await client()
    .send(post(nobody.destination))
    .answer.catch((error: unknown) => error);
  expect(refused).toMatchObject({ name: "UpstreamError", sent: false });
});

test("a server that does not answer the handshake is given up, with nothing sent", async () => {
  const mute = peer(() => {});
  const failure = await client(50)
    .send({
      ...post(mute.destination),
      destination: { ...mute.destination, secure: true, serverName: "x.test" },
    })
    .answer.catch((error: unknown) => error);
  expect(failure).toMatchObject({ name: "UpstreamError", sent: false });
  expect(mute.received()).not.toContain("POST");
});

test("an abort reaches the server at once, and one that comes too late harms nobody else", async () => {
  const silent = peer(() => {});
  const waiting = client().send(post(silent.destination));
  await until(() => silent.received() !== "");
  waiting.abort();
  expect(await waiting.answer.catch((error: unknown) => error)).toBeInstanceOf(UpstreamError);
  await until(() => silent.ended() === 1);

  const upstream = peer((socket) => setTimeout(() => socket.write(ok("a")), 10));
  const http = client();
  const first = http.send(post(upstream.destination));
  await text((await first.answer).body);
  const second = http.send(post(upstream.destination));
  first.abort();
  expect(await text((await second.answer).body)).toBe("a");
  expect(upstream.sockets).toHaveLength(1);
});

test.each([
  [{ headers: [["x-a", "1\r\nx-evil: 1"]] }],
  [{ headers: [["x a", "1"]] }],
  [{ headers: [["x-a", "a\0b"]] }],
  [{ target: "/v1/x y" }],
  [{ target: "/v1/x\r\nhost: evil" }],
  [{ method: "GET /" }],
])("a request that would become two is not sent: %j", (change) => {
  const upstream = peer(() => {});
  const request = { ...post(upstream.destination), ...(change as object) };
  expect(() => client().send(request)).toThrow(expect.objectContaining({ code: "invalid_input" }));
});
