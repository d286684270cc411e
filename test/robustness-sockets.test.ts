/** Requests that no client would send, written by hand: none is taken for two, or for another one. */
import { afterAll, beforeAll, beforeEach, expect, test } from "bun:test";
import { rawRequest, sendRaw } from "./support/raw-http.ts";
import { ANSWER, hello, Stage } from "./support/stage.ts";
import { json } from "./support/upstream.ts";

let stage: Stage;

beforeAll(async () => {
  stage = await Stage.open();
});

beforeEach(() => stage.upstream.behave(json(200, ANSWER)));

afterAll(() => stage.close());

const smuggled = () => rawRequest([...stage.head("GET /v1/models/smuggled")]);
const post = (...lines: string[]) => [
  ...stage.head("POST /v1/chat/completions"),
  "Content-Type: application/json",
  ...lines,
];

test.each([
  [
    "both lengths",
    () => rawRequest(post("Content-Length: 4", "Transfer-Encoding: chunked"), `0\r\n\r\n${smuggled()}`),
  ],
  ["two lengths", () => rawRequest(post("Content-Length: 2", "Content-Length: 200"), `{}${smuggled()}`)],
  ["a signed length", () => rawRequest(post("Content-Length: +2"), `{}${smuggled()}`)],
  ["a length with a comma", () => rawRequest(post("Content-Length: 2, 2"), `{}${smuggled()}`)],
  [
    "an unknown transfer coding",
    () => rawRequest(post("Transfer-Encoding: xchunked"), `0\r\n\r\n${smuggled()}`),
  ],
  [
    "a coding before a space",
    () => rawRequest(post("Transfer-Encoding : chunked", "Content-Length: 2"), `{}${smuggled()}`),
  ],
  [
    "two codings",
    () =>
      rawRequest(post("Transfer-Encoding: chunked", "Transfer-Encoding: identity"), `0\r\n\r\n${smuggled()}`),
  ],
  ["a broken chunk size", () => rawRequest(post("Transfer-Encoding: chunked"), `-1\r\n${smuggled()}`)],
  [
    "a chunk longer than it says",
    () => rawRequest(post("Transfer-Encoding: chunked"), `2\r\n{}XX${smuggled()}`),
  ],
  [
    "a folded header",
    () => rawRequest(post("X-A: b\r\n Transfer-Encoding: chunked", "Content-Length: 2"), `{}${smuggled()}`),
  ],
  [
    "a bare line feed",
    () => rawRequest(post("X-A: b\nTransfer-Encoding: chunked", "Content-Length: 2"), `{}${smuggled()}`),
  ],
  ["a zero byte", () => rawRequest(post("X-A: b\0c", "Content-Length: 2"), `{}`)],
])("request smuggling by %s: the provider never sees more requests than were answered", async (_, build) => {
  const before = stage.upstream.arrived.length;
  const { text } = await sendRaw(stage.up.ready.url, build());
  const answers = text.match(/HTTP\/1\.1 2\d\d/g)?.length ?? 0;
  const arrived = stage.upstream.arrived.slice(before);
  expect(arrived.length).toBeLessThanOrEqual(answers);
  for (const request of arrived) expect(request.body.toString()).not.toContain("smuggled");
  await stage.expectServing();
});

test.each([
  ["another name", () => "evil.example"],
  ["another port", () => "127.0.0.1:1"],
  ["a path behind the name", () => `${new URL(stage.up.ready.url).host}/#@evil.example`],
  ["user information", () => `127.0.0.1@evil.example`],
  ["nothing", () => ""],
  ["a name that begins like ours", () => "localhost.evil.example"],
])("a Host of %s: misdirected, whatever the path", async (_, host) => {
  const before = stage.upstream.arrived.length;
  for (const path of ["/v1/models", "/", "/readyz"]) {
    const { status } = await sendRaw(
      stage.up.ready.url,
      rawRequest([...stage.head(`GET ${path}`, host()), "Connection: close"]),
    );
    expect([400, 421]).toContain(status ?? 0);
  }
  expect(stage.upstream.arrived).toHaveLength(before);
});

test.each([
  "/v1/../v1/organization/admin_api_keys",
  "/v1/models/../organization/admin_api_keys",
  "/v1/%6frganization/admin_api_keys",
  "/v1/organization/costs",
  "/v1/realtime/client_secrets",
  "/v1/models/..%2f..%2forganization/costs",
  "/v1/models/%2e%2e/organization/costs",
  "//v1/organization/costs",
  "/v1//organization/costs",
  "/v1/organization;x/costs",
  "/v1\\organization\\costs",
  "/v1/models%00",
  "/c/openai/v1/organization/costs",
  "/t/cursor/c/openai/v1/organization/costs",
  "http://api.openai.com/v1/organization/costs",
])("a path that means administration or two things: %s", async (path) => {
  const before = stage.upstream.arrived.length;
  const { status, text } = await sendRaw(
    stage.up.ready.url,
    rawRequest([...stage.head(`GET ${path}`), "Connection: close"]),
  );
  expect([400, 403, 404, 421]).toContain(status ?? 0);
  expect(text).not.toContain(stage.providerKey);
  expect(stage.upstream.arrived).toHaveLength(before);
});

test("10 000 bytes of headers pass; 100 000 are refused, and the next request is served", async () => {
  const long = "x".repeat(10_000);
  expect((await stage.ask({ headers: { "x-long": long } })).status).toBe(200);
  expect(stage.upstream.arrived.at(-1)?.headers.get("x-long")).toBe(long);
  const before = stage.upstream.arrived.length;
  const { status } = await sendRaw(
    stage.up.ready.url,
    rawRequest([...stage.head("GET /v1/models"), `X-Long: ${"x".repeat(100_000)}`]),
  );
  expect([400, 431, undefined]).toContain(status);
  expect(stage.upstream.arrived).toHaveLength(before);
  await stage.expectServing();
});

test("headers that would act on the provider or on what is between do not pass", async () => {
  const { status } = await sendRaw(
    stage.up.ready.url,
    rawRequest(
      [
        ...stage.head("POST /v1/chat/completions"),
        "Content-Type: application/json",
        "Connection: close, x-listed",
        "X-Listed: 1",
        "X-HTTP-Method-Override: DELETE",
        "X-Original-URL: /v1/organization",
        "X-Forwarded-Host: evil.example",
        "Forwarded: for=203.0.113.1",
        "OpenAI-Project: proj_other",
        "Cookie: a=b",
        `Content-Length: ${JSON.stringify(hello).length}`,
      ],
      JSON.stringify(hello),
    ),
  );
  expect(status).toBe(200);
  expect(Object.fromEntries(stage.upstream.arrived.at(-1)?.headers ?? [])).toEqual({
    accept: "*/*",
    "accept-encoding": "identity",
    authorization: `Bearer ${stage.providerKey}`,
    "content-length": String(JSON.stringify(hello).length),
    "content-type": "application/json",
    host: new URL(stage.upstream.url).host,
    // The caller's, who has none; not that of our HTTP client.
    "user-agent": "",
  });
});

test("WebSocket upgrades are refused in words", async () => {
  const lines = [
    ...stage.head("GET /v1/realtime"),
    "Connection: Upgrade",
    "Upgrade: websocket",
    "Sec-WebSocket-Version: 13",
  ];
  const { status, text } = await sendRaw(
    stage.up.ready.url,
    rawRequest([...lines, "Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA=="]),
  );
  expect(status).toBe(501);
  expect(text).toContain("WebSocket");
});
