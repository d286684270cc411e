// A provider that is down, slow, garbled, cut or dishonest: each gets a clear answer and an honest ledger row.
import { afterEach, beforeEach, expect, test } from "bun:test";
import { connect } from "node:net";
import { brotliCompressSync, gzipSync, zstdCompressSync } from "node:zlib";
import { chunked, json, rawBytes, startUpstream, type Upstream, whole } from "../../test/support/upstream.ts";
import {
  connection,
  PROVIDER_KEY,
  RESERVED_NANOS,
  startGateway,
  type TestGateway,
  VIRTUAL_KEY,
  virtualKey,
} from "./gateway.testing.ts";

const ASKED = { model: "gpt-x", messages: [] };
const USED = { model: "gpt-x", choices: [], usage: { prompt_tokens: 2, completion_tokens: 3 } };

let upstream: Upstream;
let gateway: TestGateway;

beforeEach(async () => {
  upstream = await startUpstream(json(200, USED));
  gateway = startGateway({ connections: [connection("openai", "openai", { baseUrl: upstream.url })] });
});

afterEach(async () => {
  await gateway.close();
  await upstream.close();
});

const ask = (stream = false) => gateway.post("/v1/chat/completions", { ...ASKED, stream });

async function codeOf(answer: Response): Promise<string> {
  const { error } = (await answer.json()) as { error: { code: string } };
  return error.code;
}

test("a provider that is down: tried twice, each time with a row of its own that costs nothing", async () => {
  await upstream.close();
  const answer = await ask();
  expect(answer.status).toBe(502);
  expect(await codeOf(answer)).toBe("provider_unreachable");
  expect(answer.headers.get("x-should-retry")).toBeNull();
  const rows = await gateway.ledger.settledRows(2);
  expect(rows.map(({ reserved }) => reserved.attempt)).toEqual([1, 2]);
  for (const { settled } of rows) {
    expect(settled).toMatchObject({ end: "unreachable", status: null, costNanos: 0n, estimated: false });
  }
});

test.each([
  ["speaks another protocol", rawBytes("SSH-2.0-OpenSSH_9.9\r\n\r\n")],
  ["hangs up without a word", rawBytes("")],
  ["lies about its length in plain words", rawBytes("HTTP/1.1 200 OK\r\nContent-Length: abc\r\n\r\nx")],
  ["sends less than it announced", rawBytes("HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n{")],
])("a provider that %s may have charged: 502, and the full reservation counts", async (_, behaviour) => {
  upstream.behave(behaviour);
  const answer = await ask();
  expect(answer.status).toBe(502);
  expect(await codeOf(answer)).toBe("provider_unreachable");
  const [row] = await gateway.ledger.settledRows(1);
  expect(row?.settled).toMatchObject({ end: "upstream_cut", costNanos: RESERVED_NANOS, estimated: true });
  expect(upstream.arrived.length).toBe(1);
});

test.each([
  ["an error", whole(429, "{}"), { end: "refused", status: 429, costNanos: 0n, estimated: false }],
  ["a whole answer", json(200, USED), { end: "complete", status: 200, estimated: false }],
])("%s that comes in the moment the caller leaves counts for what it is", async (_, answers, expected) => {
  const caller = connect(gateway.port, "127.0.0.1");
  caller.on("error", () => {});
  upstream.behave((arrived, socket) => {
    void answers(arrived, socket);
    caller.resetAndDestroy();
  });
  const body = JSON.stringify(ASKED);
  const head = [
    "POST /v1/chat/completions HTTP/1.1",
    `Host: 127.0.0.1:${gateway.port}`,
    `Authorization: Bearer ${VIRTUAL_KEY}`,
    "Content-Type: application/json",
    `Content-Length: ${body.length}`,
  ];
  caller.write(`${head.join("\r\n")}\r\n\r\n${body}`);
  const [row] = await gateway.ledger.settledRows(1);
  expect(row?.settled).toMatchObject(expected);
});

test.each(["reset", "close"] as const)(
  "half a stream that ends by %s is passed as far as it came, then the caller's connection breaks too",
  async (end) => {
    const read = Promise.withResolvers<void>();
    upstream.behave(
      chunked(
        (async function* () {
          yield "data: {}\n\n";
          await read.promise;
        })(),
        {},
        end,
      ),
    );
    const reader = (await ask(true)).body?.getReader();
    const first = await reader?.read();
    read.resolve();
    expect(Buffer.from(first?.value ?? []).toString()).toBe("data: {}\n\n");
    await expect(Promise.resolve(reader?.read())).rejects.toThrow();
    const [row] = await gateway.ledger.settledRows(1);
    expect(row?.settled).toMatchObject({
      end: "upstream_cut",
      status: 200,
      costNanos: RESERVED_NANOS,
      estimated: true,
      bytesOut: 10,
    });
  },
);

test.each([301, 302, 307, 308])("a redirect (%d) is never followed, and not passed on", async (status) => {
  const elsewhere = await startUpstream(json(200, USED));
  upstream.behave(whole(status, "", { location: `${elsewhere.url}/v1/chat/completions` }));
  const answer = await ask();
  expect(answer.status).toBe(502);
  expect(answer.headers.get("location")).toBeNull();
  expect(await codeOf(answer)).toBe("provider_unreachable");
  expect(elsewhere.arrived.length).toBe(0);
  const [row] = await gateway.ledger.settledRows(1);
  expect(row?.settled).toMatchObject({ end: "refused", status, verdict: "wrong_endpoint", costNanos: 0n });
  await elsewhere.close();
});

test.each([
  ["gzip", gzipSync],
  ["br", brotliCompressSync],
  ["zstd", zstdCompressSync],
] as const)("an answer that comes as %s all the same passes byte for byte", async (coding, compress) => {
  const bytes = compress(JSON.stringify(USED));
  upstream.behave(whole(200, bytes, { "content-encoding": coding }));
  const answer = await gateway.send("/v1/chat/completions", {
    method: "POST",
    body: JSON.stringify(ASKED),
    headers: { "content-type": "application/json" },
    decompress: false,
  } as RequestInit);
  expect(answer.headers.get("content-encoding")).toBe(coding);
  expect(Buffer.from(await answer.arrayBuffer()).equals(bytes)).toBe(true);
  expect(upstream.arrived[0]?.headers.get("accept-encoding")).toBe("identity");
});

test("HTML passes with what keeps a browser from making a page of it", async () => {
  upstream.behave(
    whole(200, "<script>alert(1)</script>", {
      "content-type": "text/html",
      "set-cookie": "a=b",
      "clear-site-data": "*",
      "strict-transport-security": "max-age=1",
      "alt-svc": 'h3=":443"',
      "content-security-policy": "default-src *",
      connection: "x-secret",
      "x-secret": "hop",
      "x-kept": "yes",
    }),
  );
  const { headers } = await ask();
  for (const name of ["set-cookie", "clear-site-data", "strict-transport-security", "alt-svc", "x-secret"]) {
    expect(headers.get(name)).toBeNull();
  }
  expect(headers.get("content-security-policy")).toBe("sandbox");
  expect(headers.get("x-content-type-options")).toBe("nosniff");
  expect(headers.get("x-kept")).toBe("yes");
});

test("an error answer that breaks off still costs nothing", async () => {
  upstream.behave(rawBytes("HTTP/1.1 500 Oops\r\nContent-Length: 100\r\n\r\n{"));
  expect((await ask()).status).toBe(502);
  const [row] = await gateway.ledger.settledRows(1);
  expect(row?.settled).toMatchObject({ status: 500, costNanos: 0n, estimated: false });
});

test("a provider that stays silent beyond the limit: 504, and the full reservation counts", async () => {
  upstream.behave(() => {});
  const impatient = startGateway({
    connections: [connection("openai", "openai", { baseUrl: upstream.url })],
    settings: { firstByteLimitMs: 50 },
  });
  const answer = await impatient.post("/v1/chat/completions", ASKED);
  expect(answer.status).toBe(504);
  expect(await codeOf(answer)).toBe("time_limit");
  const [row] = await impatient.ledger.settledRows(1);
  expect(row?.settled).toMatchObject({ end: "time_limit", costNanos: RESERVED_NANOS, estimated: true });
  await upstream.arrived[0]?.closed;
  await impatient.close();
});

test("a stream that falls silent is cut, and says so in the ledger", async () => {
  upstream.behave(
    chunked(
      (async function* () {
        yield "data: 1\n\n";
        await new Promise(() => {});
      })(),
    ),
  );
  const impatient = startGateway({
    connections: [connection("openai", "openai", { baseUrl: upstream.url })],
    settings: { silenceLimitMs: 50 },
  });
  const answer = await impatient.post("/v1/chat/completions", { ...ASKED, stream: true });
  await expect(answer.text()).rejects.toThrow();
  const [row] = await impatient.ledger.settledRows(1);
  expect(row?.settled).toMatchObject({ end: "time_limit", status: 200, estimated: true });
  await impatient.close();
});

test("an unpriced model costs null, never 0", async () => {
  upstream.behave(json(200, { ...USED, model: "unpriced-x" }));
  await gateway.post("/v1/chat/completions", { ...ASKED, model: "unpriced-x" });
  const [row] = await gateway.ledger.settledRows(1);
  expect(row?.reserved.reservedNanos).toBeNull();
  expect(row?.settled).toMatchObject({ costNanos: null, estimated: false });
});

test("an answer under a name without a price costs what the model asked for costs", async () => {
  upstream.behave(json(200, { ...USED, model: "unpriced-name-of-its-own" }));
  await gateway.post("/v1/chat/completions", ASKED);
  const [row] = await gateway.ledger.settledRows(1);
  expect(row?.settled).toMatchObject({
    modelAnswered: "unpriced-name-of-its-own",
    costNanos: 5000n,
    estimated: false,
  });
});

test("a provider that shows what it was sent shows the caller no key: in errors, headers and routes of its own", async () => {
  const opened = virtualKey({ paths: ["/v1/debug"] });
  gateway.directory.keys.set(VIRTUAL_KEY, { virtualKey: opened, tool: null });
  for (const [path, status] of [
    ["/v1/chat/completions", 401],
    ["/v1/files", 500],
    ["/v1/debug", 200],
  ] as const) {
    upstream.behave((request, socket) => {
      const sent = request.headers.get("authorization") ?? "";
      void json(status, { sent }, { "x-sent": sent })(request, socket);
    });
    const answer = await gateway.post(path, ASKED, { "accept-encoding": "gzip" });
    const shown = `${await answer.text()} ${answer.headers.get("x-sent")}`;
    expect([path, answer.status, shown.includes(PROVIDER_KEY)]).toEqual([path, status, false]);
    expect(shown).toContain(`Bearer ${"*".repeat(PROVIDER_KEY.length)}`);
    expect(upstream.arrived.at(-1)?.headers.get("accept-encoding")).toBe("identity");
  }
});
