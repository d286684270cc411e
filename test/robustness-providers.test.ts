/** Providers that misbehave: what they do is told, never followed, never trusted, and counted as it may be billed. */
import { afterAll, beforeAll, beforeEach, expect, test } from "bun:test";
import { failureOf } from "./support/failure.ts";
import { newKey } from "./support/keys.ts";
import { ANSWER, type ErrorBody, hello, Stage } from "./support/stage.ts";
import { type Behaviour, chunked, json, rawBytes, startUpstream, whole } from "./support/upstream.ts";

/** Resets the connection instead of answering. */
const reset: Behaviour = (_, socket) => {
  socket.resetAndDestroy();
};

let stage: Stage;

beforeAll(async () => {
  stage = await Stage.open();
});

beforeEach(() => stage.upstream.behave(json(200, ANSWER)));

afterAll(() => stage.close());

test("down: 502 in each dialect, and nothing is charged", async () => {
  const gone = await startUpstream(json(200, ANSWER));
  await gone.close();
  const { id: ref } = await stage.home.call<{ id: string }>("keys.add", {
    provider: "openai",
    value: newKey.openai(),
    baseUrl: gone.url,
    connection: "down",
    test: false,
  });
  const response = await stage.ask({ path: "/c/down/v1/chat/completions" });
  const { error } = (await response.json()) as ErrorBody;
  expect([response.status, error.code]).toEqual([502, "provider_unreachable"]);
  expect(await stage.rowOf(response)).toMatchObject({ end: "unreachable", costUsd: "0", estimated: false });
  await stage.home.call("keys.remove", { ref });
  await stage.home.call("connections.remove", { ref: "down" });
});

test.each([
  ["answers garbage", rawBytes("this is no HTTP\r\n\r\n")],
  ["hangs up at once", rawBytes("")],
  ["resets", reset],
  ["announces more than it sends", rawBytes("HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n{}")],
])(
  "one that %s: a clear error, and the request counts in full, since it may have been billed",
  async (_, behaviour) => {
    stage.upstream.behave(behaviour);
    const response = await stage.ask();
    const { error } = (await response.json()) as ErrorBody;
    expect([response.status, error.code]).toEqual([502, "provider_unreachable"]);
    const row = await stage.rowOf(response);
    expect(row).toMatchObject({ end: "upstream_cut", estimated: true });
    expect(row.costUsd).toBe(row.reservedUsd);
    stage.upstream.behave(json(200, ANSWER));
    await stage.expectServing();
  },
);

test("one that says 200 and sends no JSON: the bytes pass, and the request counts in full", async () => {
  stage.upstream.behave(whole(200, `{"usage":`, { "content-type": "application/json" }));
  const response = await stage.ask();
  expect(await response.text()).toBe(`{"usage":`);
  expect(await stage.rowOf(response)).toMatchObject({ status: 200, state: "estimated", estimated: true });
});

test("a slow stream: each piece is with the client before the provider sends the next", async () => {
  const seen: string[] = [];
  const steps = [Promise.withResolvers<void>(), Promise.withResolvers<void>()];
  stage.upstream.behave(
    chunked(
      (async function* () {
        yield `data: {"choices":[{"delta":{"content":"one"}}]}\n\n`;
        await steps[0]?.promise;
        yield `data: {"choices":[{"delta":{"content":"two"}}]}\n\n`;
        await steps[1]?.promise;
        yield "data: [DONE]\n\n";
      })(),
    ),
  );
  const response = await stage.ask({ body: { ...hello, stream: true } });
  for await (const piece of response.body ?? []) {
    seen.push(Buffer.from(piece).toString());
    steps[seen.length - 1]?.resolve();
  }
  expect(seen).toHaveLength(3);
});

test.each(["reset", "close"] as const)(
  "half a stream (%s): the cut is not hidden, and counts in full",
  async (end) => {
    const seen = Promise.withResolvers<void>();
    const half = `data: {"model":"gpt-4o-mini","choices":[{"delta":{"content":"half"}}]}\n\n`;
    const pieces = async function* () {
      yield half;
      await seen.promise;
    };
    stage.upstream.behave(chunked(pieces(), {}, end));
    const response = await stage.ask({ body: { ...hello, stream: true, max_tokens: 50 } });
    let text = "";
    const cut = await failureOf(
      (async () => {
        for await (const piece of response.body ?? []) {
          text += Buffer.from(piece).toString();
          seen.resolve();
        }
      })(),
    );
    expect(text).toBe(half);
    expect(cut).toBeInstanceOf(Error);
    const row = await stage.rowOf(response);
    expect(row).toMatchObject({ end: "upstream_cut", estimated: true });
    expect(row.costUsd).toBe(row.reservedUsd);
  },
);

test("a stream that is cut at once does not look complete either", async () => {
  stage.upstream.behave(chunked([`data: {"choices":[]}\n\n`], {}, "reset"));
  expect(
    await failureOf(stage.ask({ body: { ...hello, stream: true } }).then((response) => response.text())),
  ).toBeInstanceOf(Error);
  expect(await stage.home.lastRequest()).toMatchObject({ end: "upstream_cut", estimated: true });
});

test("a redirect is never followed: key and prompt stay here", async () => {
  const elsewhere = await startUpstream(json(200, ANSWER));
  for (const status of [301, 302, 303, 307, 308]) {
    stage.upstream.behave(whole(status, "", { location: `${elsewhere.url}/v1/chat/completions` }));
    const response = await stage.ask();
    const { error } = (await response.json()) as ErrorBody;
    expect([response.status, error.code]).toEqual([502, "provider_unreachable"]);
    expect(response.headers.get("location")).toBeNull();
  }
  expect(elsewhere.arrived).toHaveLength(0);
  await elsewhere.close();
});

test("a provider's HTML cannot become a page of this origin", async () => {
  stage.upstream.behave(
    whole(200, "<script>alert(1)</script>", {
      "content-type": "text/html",
      "set-cookie": "session=1",
      "clear-site-data": `"*"`,
      "strict-transport-security": "max-age=1000",
      "alt-svc": `h3=":443"`,
      "content-security-policy": "default-src *",
    }),
  );
  const { headers } = await stage.ask();
  expect(headers.get("content-security-policy")).toBe("sandbox");
  expect(headers.get("x-content-type-options")).toBe("nosniff");
  for (const name of ["set-cookie", "clear-site-data", "strict-transport-security", "alt-svc"]) {
    expect([name, headers.get(name)]).toEqual([name, null]);
  }
  await stage.expectRefused({ headers: { "sec-fetch-mode": "navigate" } }, 403, "not_allowed");
});

test("a provider that echoes the key in an error: the virtual key's holder does not get to see it", async () => {
  stage.upstream.behave(
    json(401, { error: { message: `Incorrect API key provided: ${stage.providerKey}` } }),
  );
  const response = await stage.ask();
  expect(response.status).toBe(401);
  expect(await response.text()).not.toContain(stage.providerKey);
});
