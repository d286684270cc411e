// Streams: chunk by chunk, at once, no faster than the caller reads, and over as soon as the caller is.
import { afterEach, beforeEach, expect, test } from "bun:test";
import { connect } from "node:net";
import { chunked, startUpstream, type Upstream } from "../../test/support/upstream.ts";
import {
  connection,
  RESERVED_NANOS,
  startGateway,
  type TestGateway,
  VIRTUAL_KEY,
} from "./gateway.testing.ts";

const STREAM = { model: "gpt-x", messages: [], stream: true, stream_options: { include_usage: true } };

let upstream: Upstream;
let gateway: TestGateway;

beforeEach(async () => {
  upstream = await startUpstream(() => {});
  gateway = startGateway({ connections: [connection("openai", "openai", { baseUrl: upstream.url })] });
});

afterEach(async () => {
  await gateway.close();
  await upstream.close();
});

test("each chunk is out before the next one comes: none waits, none is merged", async () => {
  const gates = [0, 1, 2].map(() => Promise.withResolvers<void>());
  upstream.behave(
    chunked(
      (async function* () {
        for (const [at, gate] of gates.entries()) {
          yield `data: ${at}\r\n\r\n`;
          await gate.promise;
        }
      })(),
    ),
  );
  const reader = (await gateway.post("/v1/chat/completions", STREAM)).body?.getReader();
  for (const [at, gate] of gates.entries()) {
    const piece = await reader?.read();
    expect(Buffer.from(piece?.value ?? []).toString()).toBe(`data: ${at}\r\n\r\n`);
    gate.resolve();
  }
  expect((await reader?.read())?.done).toBe(true);
});

test("characters and line ends cut between chunks arrive as they left", async () => {
  const text = Buffer.from("data: é🦆\r\n\r\ndata: \u2028x\r\rdata: y\n\n");
  upstream.behave(chunked([...text].map((byte) => Uint8Array.of(byte))));
  const answer = await gateway.post("/v1/chat/completions", { ...STREAM, stream_options: undefined });
  expect(Buffer.from(await answer.arrayBuffer()).equals(text)).toBe(true);
});

test("a caller that leaves in the middle ends the request at the provider, and the full reservation counts", async () => {
  upstream.behave(
    chunked(
      (async function* () {
        yield "data: 1\n\n";
        await new Promise(() => {});
      })(),
    ),
  );
  const leaving = new AbortController();
  const answer = await gateway.send("/v1/chat/completions", {
    method: "POST",
    body: JSON.stringify(STREAM),
    signal: leaving.signal,
  });
  const reader = answer.body?.getReader();
  await reader?.read();
  leaving.abort();
  await upstream.arrived[0]?.closed;
  const [row] = await gateway.ledger.settledRows(1);
  expect(row?.settled).toMatchObject({ end: "client_gone", costNanos: RESERVED_NANOS, estimated: true });
});

test("a caller that leaves before the answer ends the request at the provider", async () => {
  const seen = Promise.withResolvers<void>();
  upstream.behave(() => seen.resolve());
  const leaving = new AbortController();
  const asked = gateway.send("/v1/chat/completions", {
    method: "POST",
    body: JSON.stringify(STREAM),
    signal: leaving.signal,
  });
  await seen.promise;
  leaving.abort();
  await expect(asked).rejects.toThrow();
  await upstream.arrived[0]?.closed;
  const [row] = await gateway.ledger.settledRows(1);
  expect(row?.settled).toMatchObject({ end: "client_gone", status: null, estimated: true });
});

test("a caller that leaves before anything was sent costs nothing", async () => {
  const reserve = gateway.ledger.reserve.bind(gateway.ledger);
  const leaving = new AbortController();
  gateway.ledger.reserve = async (row) => {
    const ref = await reserve(row);
    leaving.abort();
    // Until the closed connection has been noticed.
    await Bun.sleep(200);
    return ref;
  };
  const init = { method: "POST", body: JSON.stringify(STREAM), signal: leaving.signal };
  await expect(gateway.send("/v1/chat/completions", init)).rejects.toThrow();
  const [row] = await gateway.ledger.settledRows(1);
  expect(row?.settled).toMatchObject({ end: "client_gone", status: null, costNanos: 0n, estimated: false });
  expect(upstream.arrived).toHaveLength(0);
});

test("a caller that stops reading stops the provider: what piles up is bounded", async () => {
  const piece = `data: ${"x".repeat(64 * 1024)}\n\n`;
  const total = 2_000;
  let sent = 0;
  const stalled = Promise.withResolvers<void>();
  upstream.behave(
    chunked(
      (async function* () {
        for (; sent < total; sent++) {
          const timer = setTimeout(() => stalled.resolve(), 300);
          yield piece;
          clearTimeout(timer);
        }
        stalled.resolve();
      })(),
    ),
  );
  const body = JSON.stringify(STREAM);
  const socket = connect(gateway.port, "127.0.0.1");
  socket.pause();
  socket.write(
    `POST /v1/chat/completions HTTP/1.1\r\nHost: localhost:${gateway.port}\r\nAuthorization: Bearer ${VIRTUAL_KEY}\r\n` +
      `Content-Type: application/json\r\nContent-Length: ${body.length}\r\n\r\n${body}`,
  );
  await stalled.promise;
  expect(sent).toBeLessThan(total / 2);
  socket.destroy();
  const [row] = await gateway.ledger.settledRows(1);
  expect(row?.settled?.end).toBe("client_gone");
});

test("a graceful stop lets a stream finish, and ends one that takes too long", async () => {
  const gate = Promise.withResolvers<void>();
  upstream.behave(
    chunked(
      (async function* () {
        yield "data: 1\n\n";
        await gate.promise;
        yield "data: 2\n\n";
      })(),
    ),
  );
  const answer = await gateway.post("/v1/chat/completions", STREAM);
  const stopping = gateway.listener.stop(5_000);
  gate.resolve();
  expect(await answer.text()).toBe("data: 1\n\ndata: 2\n\n");
  await stopping;
  expect(gateway.ledger.rows[0]?.settled?.end).toBe("complete");

  const second = startGateway({ connections: [connection("openai", "openai", { baseUrl: upstream.url })] });
  upstream.behave(
    chunked(
      (async function* () {
        yield "data: 1\n\n";
        await new Promise(() => {});
      })(),
    ),
  );
  const cut = await second.post("/v1/chat/completions", STREAM);
  await second.listener.stop(30);
  await expect(cut.text()).rejects.toThrow();
  expect(second.ledger.rows[0]?.settled).toMatchObject({ end: "time_limit", estimated: true });
});
