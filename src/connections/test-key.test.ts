import { afterAll, describe, expect, test } from "bun:test";
import { AppError, Secret, systemClock } from "../kernel/index.ts";
import { resolveProviderName } from "../providers/index.ts";
import { type Fetch, KeyTester } from "./test-key.ts";

/** Built at run time: no key-shaped literal stands in any file. */
const value = new Secret(["sk", "proj", "b".repeat(40)].join("-"));

/** What arrived; copied, since a request is emptied once it is answered. */
const seen: { path: string; headers: Headers }[] = [];
const servers: { stop(force: boolean): unknown }[] = [];

/** A provider double on loopback. */
function serve(answer: (request: Request) => Response | Promise<Response>): string {
  const server = Bun.serve({
    port: 0,
    hostname: "127.0.0.1",
    fetch: (request) => {
      seen.push({ path: new URL(request.url).pathname, headers: new Headers(request.headers) });
      return answer(request);
    },
  });
  servers.push(server);
  return `http://127.0.0.1:${server.port}`;
}

afterAll(() => {
  for (const server of servers) server.stop(true);
});

const realFetch: Fetch = (url, init) => fetch(url, init);

function tester(limitMs = 5000, fetcher: Fetch = realFetch): KeyTester {
  return new KeyTester({ fetch: fetcher, clock: systemClock, limitMs });
}

async function testAt(baseUrl: string, name = "openai", options: { limitMs?: number; fetch?: Fetch } = {}) {
  const { provider } = resolveProviderName(name);
  return await tester(options.limitMs, options.fetch).test({ provider, settings: { baseUrl }, value });
}

describe("a test call", () => {
  test("sends the key to the provider's cheapest route and tells the models", async () => {
    const url = serve(() => Response.json({ object: "list", data: [{ id: "gpt-x" }, { id: "gpt-y" }, 7] }));
    const result = await testAt(url);
    expect(result).toMatchObject({ verdict: "ok", models: ["gpt-x", "gpt-y"] });
    expect(result.durationMs).toBeGreaterThanOrEqual(0);
    const request = seen.at(-1);
    expect(request?.path).toBe("/v1/models");
    expect(request?.headers.get("authorization")).toBe(`Bearer ${value.reveal()}`);
  });

  test.each([
    ["anthropic", "/v1/models", "x-api-key"],
    ["google", "/v1beta/models", "x-goog-api-key"],
    ["azure", "/openai/v1/models", "api-key"],
    ["openrouter", "/v1/key", "authorization"],
    ["xai", "/v1/api-key", "authorization"],
    ["deepseek", "/user/balance", "authorization"],
  ])("%s is asked at %s with %s", async (name, path, header) => {
    const url = serve(() => Response.json({}));
    expect((await testAt(url, name)).verdict).toBe("ok");
    const request = seen.at(-1);
    expect(request?.path).toBe(path);
    expect(request?.headers.get(header)).toContain(value.reveal());
  });

  test("masks the key in what the provider says, and shows a curl without it", async () => {
    const message = `Incorrect API key provided: ${value.reveal()}. Find yours in the console.`;
    const url = serve(() => Response.json({ error: { message, code: "invalid_api_key" } }, { status: 401 }));
    const result = await testAt(url);
    expect(result.verdict).toBe("invalid_key");
    expect(result.providerText).toStartWith("Incorrect API key provided: ");
    expect(result.curl).toContain('"authorization: Bearer ${OPENAI_API_KEY}"');
    expect(JSON.stringify(result)).not.toContain("b".repeat(8));
  });

  test("never follows a redirect: the key stays at its own address", async () => {
    const other = serve(() => Response.json({ data: [] }));
    const url = serve(() => Response.redirect(`${other}/v1/models`, 307));
    const before = seen.length;
    expect((await testAt(url)).verdict).toBe("wrong_endpoint");
    expect(seen.length - before).toBe(1);
  });

  test("reads no more than a bounded part of an endless answer", async () => {
    const piece = new TextEncoder().encode("x".repeat(1 << 16));
    const url = serve(
      () => new Response(new ReadableStream({ pull: (controller) => controller.enqueue(piece) })),
    );
    expect((await testAt(url)).verdict).toBe("wrong_endpoint");
  });
});

describe("no answer is never a verdict on the key", () => {
  test("nothing listens", async () => {
    const result = await testAt("http://127.0.0.1:1");
    expect(result.verdict).toBe("unreachable");
    expect(result.explanation).toContain("This says nothing about the key.");
  });

  test("a silent provider", async () => {
    const url = serve(() => new Promise<Response>(() => {}));
    const result = await testAt(url, "openai", { limitMs: 50 });
    expect(result).toMatchObject({
      verdict: "unreachable",
      explanation: expect.stringContaining("within 0.05 s"),
    });
  });

  test.each([
    [Object.assign(new Error("x"), { code: "ENOTFOUND" }), "its name is not found"],
    [Object.assign(new Error("x"), { code: "ConnectionRefused" }), "nothing listens there"],
    [Object.assign(new Error("x"), { code: "ECONNRESET" }), "the connection was cut"],
    [
      Object.assign(new Error("x"), { code: "DEPTH_ZERO_SELF_SIGNED_CERT" }),
      "its certificate is not trusted",
    ],
    [
      new Error("fetch failed", { cause: Object.assign(new Error("y"), { code: "EAI_AGAIN" }) }),
      "its name is not found",
    ],
    [new AppError("provider_unreachable", "the address is private"), "the address is private"],
    [new Error("something with a secret in it"), "the connection failed"],
  ])("case %#", async (error, reason) => {
    const failing: Fetch = async () => {
      throw error;
    };
    const result = await testAt("https://h.example", "openai", { fetch: failing });
    expect(result.verdict).toBe("unreachable");
    expect(result.explanation).toContain(reason);
    expect(result.explanation).not.toContain("secret");
  });
});

test("a value that no header can carry is not sent at all", async () => {
  const { provider } = resolveProviderName("openai");
  const failing: Fetch = async () => {
    throw new Error("must not be called");
  };
  const result = await tester(50, failing).test({
    provider,
    settings: { baseUrl: "https://h.example" },
    value: new Secret("line\nend"),
  });
  expect(result.verdict).toBe("invalid_key");
});

test("a local server without a key is asked without a credential", async () => {
  const url = serve(() => Response.json({ data: [{ id: "llama" }] }));
  const { provider } = resolveProviderName("ollama");
  const result = await tester().test({ provider, settings: { baseUrl: url }, value: new Secret("") });
  expect(result).toMatchObject({ verdict: "ok", models: ["llama"] });
  expect(seen.at(-1)?.headers.has("authorization")).toBe(false);
});
