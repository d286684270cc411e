import { describe, expect, test } from "bun:test";
import { z } from "zod";
import { AppError, createLog, ERROR_CODES, silentLog, systemClock } from "../kernel/index.ts";
import type { Control } from "./control.ts";
import { createControlHttp, type ControlHttpOptions, LARGEST_INPUT_BYTES } from "./http.ts";
import { type AnyOperation, operation } from "./operation.ts";

const echo = operation({
  name: "test.echo",
  summary: "Gives back its input",
  place: "anywhere",
  input: z.object({ text: z.string().default("nothing") }),
  output: z.object({ text: z.string() }),
  run: async (_control, _caller, { text }) => ({ text, more: "not in the schema" }),
});

const fails = operation({
  name: "test.fails",
  summary: "Throws what it is told",
  place: "anywhere",
  input: z.object({ code: z.string() }),
  output: z.object({}),
  run: async (_control, _caller, { code }) => {
    if (code === "raw") throw new TypeError("inner text");
    throw new AppError(code as "usage", "told", { hint: "do that" });
  },
});

const reveals = operation({ ...echo, name: "test.reveals", place: "own-process" });

function app(options: Partial<ControlHttpOptions> = {}) {
  const served: readonly AnyOperation[] = [echo, fails, reveals];
  const http = createControlHttp({
    control: {} as Control,
    operations: {
      find: async (wanted) => served.find(({ name }) => name === wanted),
      all: async () => served,
    },
    log: silentLog,
    requestId: () => "req_1",
    callerOf: () => ({ kind: "cli", user: "ada" }),
    notReady: () => undefined,
    metrics: () => "ownkey_up 1\n",
    ...options,
  });
  return async (path: string, init: RequestInit = {}) =>
    await http.request(`http://localhost${path}`, {
      ...init,
      headers: { host: "localhost", ...(init.headers as Record<string, string> | undefined) },
    });
}

const post = (
  body: string | Uint8Array<ArrayBuffer> | ReadableStream<Uint8Array>,
  headers: Record<string, string> = {},
) => ({
  method: "POST",
  body,
  headers,
});

async function refusal(answer: Response) {
  const { error } = (await answer.json()) as { error: { code: string; message: string; hint?: string } };
  return { status: answer.status, code: error.code };
}

describe("an operation", () => {
  test("takes its input, and gives what its output schema names and nothing else", async () => {
    const answer = await app()("/api/test.echo", post(JSON.stringify({ text: "x", other: 1 })));
    expect(answer.status).toBe(200);
    expect(await answer.json()).toEqual({ text: "x" });
  });

  test("without a body gets an empty object", async () => {
    expect(await (await app()("/api/test.echo", { method: "POST" })).json()).toEqual({ text: "nothing" });
  });

  test("that is not there, or never leaves its own process, is 404", async () => {
    for (const name of ["test.nothing", "test.reveals", "__proto__", "constructor"]) {
      expect(await refusal(await app()(`/api/${name}`, post("{}")))).toEqual({
        status: 404,
        code: "not_found",
      });
    }
    expect((await app()("/api/test.echo")).status).toBe(404);
    expect(await (await app()("/nowhere")).text()).toContain("/api/openapi.json lists what there is");
  });

  test.each([
    ["no JSON", "{"],
    ["not UTF-8", new Uint8Array([0x22, 0xff, 0x22])],
    ["the wrong type", JSON.stringify({ text: 1 })],
    ["no object", "[]"],
  ])("refuses %s with 400 and repeats none of it", async (_name, body) => {
    const answer = await app()("/api/test.echo", post(body));
    expect(await refusal(answer)).toEqual({ status: 400, code: "invalid_input" });
  });
});

describe("errors", () => {
  test.each(Object.entries(ERROR_CODES))("%s has its status", async (code, { http }) => {
    const answer = await app()("/api/test.fails", post(JSON.stringify({ code })));
    expect(await refusal(answer)).toEqual({ status: http, code });
  });

  test("of the program itself are logged and not told", async () => {
    const lines: string[] = [];
    const log = createLog({ level: "error", clock: systemClock, write: (line) => lines.push(line) });
    const answer = await app({ log })("/api/test.fails", post(JSON.stringify({ code: "raw" })));
    expect(answer.status).toBe(500);
    expect(await answer.text()).not.toContain("inner text");
    expect(lines.join("")).toContain("inner text");
    expect(lines.join("")).toContain('"requestId":"req_1"');
  });
});

describe("who may call", () => {
  test.each(["localhost", "localhost:7789", "127.0.0.1:1", "[::1]:7789"])(
    "Host %s is served",
    async (host) => {
      expect((await app()("/healthz", { headers: { host } })).status).toBe(200);
    },
  );

  test.each([
    "evil.example",
    "localhost.evil.example",
    "127.0.0.1.evil.example:7789",
    "localhost:4000/#@x",
    "localhost:123456",
    "",
  ])("Host %p is refused with 421, also for health", async (host) => {
    for (const path of ["/healthz", "/metrics", "/api/openapi.json", "/nowhere"]) {
      expect(await refusal(await app()(path, { headers: { host } }))).toEqual({
        status: 421,
        code: "unknown_host",
      });
    }
  });

  test.each([
    { "sec-fetch-site": "cross-site" },
    { "sec-fetch-site": "same-site" },
    { origin: "https://evil.example" },
    { origin: "http://localhost:1" },
    { origin: "null" },
  ])("a page of another origin is refused: %p", async (headers) => {
    expect(await refusal(await app()("/api/test.echo", post("{}", headers)))).toEqual({
      status: 403,
      code: "denied",
    });
  });

  test("the own page and programs are served", async () => {
    for (const headers of [
      { "sec-fetch-site": "same-origin", origin: "http://localhost" },
      { "sec-fetch-site": "none" },
    ]) {
      expect((await app()("/api/test.echo", post("{}", headers))).status).toBe(200);
    }
  });

  test("whoever is not known gets 401, before the operation is looked for or the body read", async () => {
    const request = app({ callerOf: () => undefined });
    for (const name of ["test.echo", "test.nothing"]) {
      expect(await refusal(await request(`/api/${name}`, post("{")))).toEqual({
        status: 401,
        code: "unauthenticated",
      });
    }
  });
});

describe("a body that is too large", () => {
  test("is refused by its announced length", async () => {
    const headers = { "content-length": String(LARGEST_INPUT_BYTES + 1) };
    expect((await app()("/api/test.echo", post("{}", headers))).status).toBe(413);
  });

  test("is refused while it comes in, without waiting for its end", async () => {
    let sent = 0;
    const endless = new ReadableStream<Uint8Array>({
      pull(controller) {
        sent += 65_536;
        controller.enqueue(new Uint8Array(65_536).fill(32));
      },
    });
    const answer = await app()("/api/test.echo", post(endless));
    expect(await refusal(answer)).toEqual({ status: 413, code: "too_large" });
    expect(sent).toBeLessThan(2 * LARGEST_INPUT_BYTES);
  });

  test("is measured in bytes, not in characters", async () => {
    const text = "€".repeat(LARGEST_INPUT_BYTES / 2);
    expect((await app()("/api/test.echo", post(JSON.stringify({ text })))).status).toBe(413);
  });

  test("one byte less is taken", async () => {
    const text = "a".repeat(LARGEST_INPUT_BYTES - '{"text":""}'.length);
    expect((await app()("/api/test.echo", post(JSON.stringify({ text })))).status).toBe(200);
  });
});

test("every answer, good or bad, has an id, and forbids caching, sniffing and scripts", async () => {
  const answers = await Promise.all([
    app()("/healthz"),
    app()("/metrics"),
    app()("/api/test.echo", post("{}")),
    app()("/api/test.echo", post("{")),
    app()("/api/test.fails", post(JSON.stringify({ code: "raw" }))),
    app()("/nowhere"),
    app()("/healthz", { headers: { host: "evil.example" } }),
    app({ callerOf: () => undefined })("/api/test.echo", post("{}")),
  ]);
  expect(new Set(answers.map(({ status }) => status))).toEqual(new Set([200, 400, 500, 404, 421, 401]));
  for (const { headers } of answers) {
    expect(headers.get("x-ownkey-request-id")).toBe("req_1");
    expect(headers.get("cache-control")).toBe("no-store");
    expect(headers.get("x-content-type-options")).toBe("nosniff");
    expect(headers.get("content-security-policy")).toContain("default-src 'none'");
    expect(headers.get("access-control-allow-origin")).toBeNull();
  }
});

test("health says alive, readiness says why not", async () => {
  const locked = app({ notReady: () => "vault_locked" });
  expect((await locked("/healthz")).status).toBe(200);
  const answer = await locked("/readyz");
  expect({ status: answer.status, body: await answer.json() }).toEqual({
    status: 503,
    body: { reason: "vault_locked" },
  });
  expect((await app()("/readyz")).status).toBe(200);
});

test("metrics come as what Prometheus asks for", async () => {
  const answer = await app()("/metrics");
  expect(answer.headers.get("content-type")).toBe("text/plain; version=0.0.4; charset=utf-8");
  expect(await answer.text()).toBe("ownkey_up 1\n");
});
