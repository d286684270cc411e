// What no HTTP client would send, over plain TCP: smuggling tries, Host and path tricks, too much of everything.
import { afterAll, beforeAll, expect, test } from "bun:test";
import { connect } from "node:net";
import { json, startUpstream, type Upstream } from "../../test/support/upstream.ts";
import { connection, startGateway, type TestGateway, VIRTUAL_KEY } from "./gateway.testing.ts";

let upstream: Upstream;
let gateway: TestGateway;

beforeAll(async () => {
  upstream = await startUpstream(json(200, { ok: true }));
  gateway = startGateway({
    connections: [connection("openai", "openai", { baseUrl: upstream.url })],
    settings: { hosts: ["gw.example.com", "behind.example.com:8443"] },
  });
});

afterAll(async () => {
  await gateway.close();
  await upstream.close();
});

/** Everything that comes back before the server closes; the request says `Connection: close`. */
function exchange(text: string): Promise<string> {
  return new Promise((resolve) => {
    let answer = "";
    const socket = connect(gateway.port, "127.0.0.1", () => socket.write(text));
    socket.on("data", (data: Buffer) => {
      answer += data.toString("latin1");
      // An upgrade keeps the connection open.
      if (text.includes("Upgrade: websocket")) socket.end();
    });
    socket.on("error", () => {});
    socket.on("close", () => resolve(answer));
  });
}

const AUTH = `Authorization: Bearer ${VIRTUAL_KEY}\r\nConnection: close\r\n`;
const get = (path: string, host = `localhost:${gateway.port}`) =>
  exchange(`GET ${path} HTTP/1.1\r\nHost: ${host}\r\n${AUTH}\r\n`);

const statusOf = (answer: string) => Number(answer.split(" ")[1]);

test("requests that are sent at once, without waiting for answers, are answered where nobody has to be asked", async () => {
  const request = `GET /healthz HTTP/1.1\r\nHost: localhost:${gateway.port}\r\n`;
  const answers = await exchange(`${request}\r\n${request}Connection: close\r\n\r\n`);
  expect(answers.match(/HTTP\/1\.1 200/g)).toHaveLength(2);
});

test.each([
  "localhost:4000/#@x",
  "localhost/",
  "user@localhost",
  "evil.example.com",
  "localhost.evil.example.com",
  "localhost:1",
  "localhost:99999",
  "localhost:",
  "127.0.0.1, evil.example.com",
  "behind.example.com",
  "behind.example.com:1",
  "[::1",
  "",
])("a Host of %p is not ours: 421 before anything else", async (host) => {
  const arrived = upstream.arrived.length;
  const answer = await get("/v1/models", host);
  expect(statusOf(answer)).toBe(421);
  expect(answer).toContain(`"code":"unknown_host"`);
  expect(answer.toLowerCase()).toContain("x-ownkey-request-id: req_");
  expect(upstream.arrived.length).toBe(arrived);
});

test("a request without Host, or with two, is refused", async () => {
  expect(statusOf(await exchange(`GET /v1/models HTTP/1.1\r\n${AUTH}\r\n`))).toBe(400);
  const host = `Host: localhost:${gateway.port}\r\n`;
  expect(statusOf(await exchange(`GET /v1/models HTTP/1.1\r\n${host}Host: other\r\n${AUTH}\r\n`))).toBe(421);
});

test.each(["gw.example.com", "GW.example.com:443", "behind.example.com:8443", "127.0.0.1"])(
  "a Host of %p is ours",
  async (host) => {
    expect(statusOf(await get("/v1/models", host))).toBe(200);
  },
);

test.each([
  "/v1//models",
  "/v1/models/",
  "/v1/..%2fmodels",
  "/v1/a%5cb",
  "/v1/models%00",
  "/v1/models#x",
  "/v1/../v1/models",
  "/v1/%2e%2E/v1/models",
  "/v1/.%2e/v1/models?a=b",
  "/./v1/models",
  "/v1/models/%2e",
  "/v1/models/x/..",
  "/c/openai/t/tool/v1/responses/resp_1/input_items/../../../models",
])("the path %s is refused before anybody is asked who they are", async (path) => {
  const host = `localhost:${gateway.port}`;
  const answer = await exchange(`GET ${path} HTTP/1.1\r\nHost: ${host}\r\nConnection: close\r\n\r\n`);
  expect(statusOf(answer)).toBe(400);
  expect(answer).toContain(`"code":"bad_path"`);
});

test("an absolute request target does not choose the host", async () => {
  const answer = await get("http://evil.example.com/v1/models");
  expect(statusOf(answer)).toBe(200);
  expect(upstream.arrived.at(-1)?.headers.get("host")).toBe(`127.0.0.1:${upstream.port}`);
});

test.each([
  [
    "both lengths",
    "Content-Length: 4\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\nGET /v1/models HTTP/1.1\r\n\r\n",
  ],
  ["two lengths", "Content-Length: 2\r\nContent-Length: 50\r\n\r\n{}"],
  ["a folded header", "Content-Length: 2\r\nX-A: b\r\n c: d\r\n\r\n{}"],
  ["a space before the colon", "Content-Length : 2\r\n\r\n{}"],
  ["an unknown transfer coding", "Transfer-Encoding: xchunked\r\n\r\n0\r\n\r\n"],
  ["a negative length", "Content-Length: -1\r\n\r\n{}"],
])("a smuggling try with %s never reaches the provider", async (_, rest) => {
  const arrived = upstream.arrived.length;
  const answer = await exchange(
    `POST /v1/chat/completions HTTP/1.1\r\nHost: localhost:${gateway.port}\r\n${AUTH}${rest}`,
  );
  expect(statusOf(answer)).toBe(400);
  expect(answer.split("HTTP/1.1").length).toBe(2);
  expect(upstream.arrived.length).toBe(arrived);
});

test.each([200_000_000, 5_000_000_000])(
  "a body that is announced with %d bytes is too large in the caller's dialect",
  async (length) => {
    const host = `Host: localhost:${gateway.port}\r\n`;
    const answer = await exchange(
      `POST /v1/chat/completions HTTP/1.1\r\n${host}${AUTH}Content-Length: ${length}\r\n\r\n{}`,
    );
    expect(statusOf(answer)).toBe(413);
    expect(answer).toContain(`"code":"too_large"`);
    expect(answer.toLowerCase()).toContain("x-ownkey-request-id: req_");
  },
);

test("10 k of header bytes pass, ten thousand headers are refused", async () => {
  const host = `Host: localhost:${gateway.port}\r\n`;
  const long = await exchange(
    `GET /v1/models HTTP/1.1\r\n${host}${AUTH}X-Long: ${"a".repeat(10_000)}\r\n\r\n`,
  );
  expect(statusOf(long)).toBe(200);
  expect(upstream.arrived.at(-1)?.headers.get("x-long")?.length).toBe(10_000);
  const many = Array.from({ length: 10_000 }, (_, at) => `x-${at}: y\r\n`).join("");
  expect(statusOf(await exchange(`GET /v1/models HTTP/1.1\r\n${host}${AUTH}${many}\r\n`))).toBe(431);
});

test("hop-by-hop, identity and override headers stay here; all others arrive as they were", async () => {
  await exchange(
    [
      "POST /v1/chat/completions HTTP/1.1",
      `Host: localhost:${gateway.port}`,
      `Authorization: Bearer ${VIRTUAL_KEY}`,
      `x-api-key: ${VIRTUAL_KEY}`,
      "Connection: close, X-Hop",
      "X-Hop: 1",
      "Cookie: a=b",
      "Forwarded: for=1.2.3.4",
      "X-Forwarded-For: 1.2.3.4",
      "X-Forwarded-Host: evil",
      "X-HTTP-Method-Override: DELETE",
      "X-Goog-FieldMask: candidates",
      "OpenAI-Organization: org-evil",
      "OpenAI-Project: proj-evil",
      "Proxy-Authorization: Basic abc",
      "TE: trailers",
      "User-Agent: Tool/1.0 (a; b)",
      "Accept: application/json, text/plain",
      "OpenAI-Beta: x=v2",
      "X-Stainless-Lang: js",
      "Content-Type: application/json",
      "Content-Length: 13",
      "",
      `{"model":"m"}`,
    ].join("\r\n"),
  );
  const seen = new Map(upstream.arrived.at(-1)?.headers);
  for (const gone of ["x-hop", "cookie", "forwarded", "x-forwarded-for", "x-forwarded-host", "x-api-key"]) {
    expect(seen.has(gone)).toBe(false);
  }
  for (const gone of [
    "x-http-method-override",
    "x-goog-fieldmask",
    "openai-organization",
    "openai-project",
    "proxy-authorization",
    "te",
  ]) {
    expect(seen.has(gone)).toBe(false);
  }
  expect(Object.fromEntries(seen)).toMatchObject({
    "user-agent": "Tool/1.0 (a; b)",
    accept: "application/json, text/plain",
    "openai-beta": "x=v2",
    "x-stainless-lang": "js",
    "accept-encoding": "identity",
  });
});

test("a WebSocket is refused with what to use instead", async () => {
  const answer = await exchange(
    `GET /v1/realtime?model=x HTTP/1.1\r\nHost: localhost:${gateway.port}\r\n${AUTH.replace("close", "Upgrade")}` +
      "Upgrade: websocket\r\nSec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\nSec-WebSocket-Version: 13\r\n\r\n",
  );
  expect(statusOf(answer)).toBe(501);
  expect(answer).toContain("WebSocket routes are not carried");
});

test("an offer to speak HTTP/2 is passed over", async () => {
  const answer = await exchange(
    `GET /v1/models HTTP/1.1\r\nHost: localhost:${gateway.port}\r\n${AUTH}Upgrade: h2c\r\nHTTP2-Settings: AAMA\r\n\r\n`,
  );
  expect(statusOf(answer)).toBe(200);
  expect(upstream.arrived.at(-1)?.headers.has("http2-settings")).toBe(false);
});

test("a browser that navigates here gets no page", async () => {
  const answer = await gateway.send("/v1/models", { headers: { "sec-fetch-mode": "navigate" } });
  expect(answer.status).toBe(403);
});

test("names of headers count in every spelling, and one that objects know is a header like any other", async () => {
  const lines = [
    `AUTHORIZATION: bearer ${VIRTUAL_KEY}`,
    "X-FORWARDED-for: 203.0.113.9",
    "OpenAI-ORGANIZATION: org-another",
    "COOKIE: a=1",
    "Set-Cookie: b=2",
    "X-Ownkey-Anything: c",
    "__proto__: d",
    "constructor: e",
    "123: f",
    "X-Stainless-Lang: js",
  ];
  const answer = await exchange(
    `GET /v1/models HTTP/1.1\r\nHost: localhost:${gateway.port}\r\n${lines.join("\r\n")}\r\nConnection: close\r\n\r\n`,
  );
  expect(statusOf(answer)).toBe(200);
  const headers = upstream.arrived.at(-1)?.headers;
  expect(headers?.get("x-stainless-lang")).toBe("js");
  expect(headers?.get("__proto__")).toBe("d");
  expect(headers?.get("constructor")).toBe("e");
  expect(headers?.get("123")).toBe("f");
  for (const name of [
    "x-forwarded-for",
    "openai-organization",
    "cookie",
    "set-cookie",
    "x-ownkey-anything",
  ]) {
    expect(headers?.has(name)).toBe(false);
  }
  expect(headers?.get("authorization")).not.toContain(VIRTUAL_KEY);
});
