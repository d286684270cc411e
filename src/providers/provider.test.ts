import { describe, expect, test } from "bun:test";
import * as fc from "fast-check";
import { PROVIDERS, providerById, providerNames, resolveProviderName } from "./registry.ts";
import type { ConnectionSettings, Provider } from "./provider.ts";

const azureSettings: ConnectionSettings = {
  baseUrl: "https://res.openai.azure.com",
  deployments: { "my-gpt": "gpt-x", twin1: "gpt-y", twin2: "gpt-y" },
};

function settingsOf(provider: Provider): ConnectionSettings {
  return { baseUrl: provider.defaultBaseUrl ?? "https://server.example/base" };
}

describe("names", () => {
  test.each([
    ["gemini", "google", null],
    ["Azure-OpenAI", "azure", null],
    ["groq", "openai-compatible", "groq"],
    ["openai-compatible", "openai-compatible", null],
  ])("%p is resolved", (name, id, preset) => {
    const found = resolveProviderName(name);
    expect([found.provider.id as string, found.preset]).toEqual([id, preset]);
  });

  test("an unknown name is refused with the list of known ones", () => {
    expect(() => resolveProviderName("nobody")).toThrow(expect.objectContaining({ code: "not_found" }));
    expect(providerNames()).toEqual(expect.arrayContaining(["openai", "gemini", "lmstudio"]));
  });

  test("the provider of a preset is found again, one of a newer version falls back to the common one", () => {
    expect(providerById("openai-compatible", "xai").title).toBe("xAI");
    expect(providerById("openai-compatible", "not-yet").preset).toBeNull();
  });
});

describe("upstream URLs", () => {
  test.each([
    ["openai", "/v1/chat/completions", "a=1", "https://h.example/base/v1/chat/completions?a=1"],
    ["anthropic", "/v1/messages", "beta=true", "https://h.example/base/v1/messages?beta=true"],
    [
      "google",
      "/v1beta/models/m:streamGenerateContent",
      "alt=sse",
      "https://h.example/base/v1beta/models/m:streamGenerateContent?alt=sse",
    ],
    ["google", "/v1/chat/completions", "", "https://h.example/base/v1beta/openai/chat/completions"],
    ["google", "/v1/models", "", "https://h.example/base/v1/models"],
    ["openai-compatible", "/v1/chat/completions", "", "https://h.example/base/v1/chat/completions"],
  ] as const)("%s %s", (id, path, query, url) => {
    const settings = { baseUrl: "https://h.example/base" };
    expect(providerById(id).upstreamUrl(settings, { method: "POST", path, query }).href).toBe(url);
  });

  test.each([
    ["/v4", "https://h.example/v4/chat/completions"],
    ["", "https://h.example/chat/completions"],
  ])("a compatible server's own version %p stands for /v1", (versionPath, url) => {
    const settings = { baseUrl: "https://h.example", versionPath };
    const request = { method: "POST", path: "/v1/chat/completions", query: "" };
    expect(providerById("openai-compatible").upstreamUrl(settings, request).href).toBe(url);
  });

  test.each([
    ["/v1/responses", "", "/openai/v1/responses"],
    ["/openai/v1/chat/completions", "", "/openai/v1/chat/completions"],
    [
      "/openai/deployments/my-gpt/chat/completions",
      "",
      "/openai/deployments/my-gpt/chat/completions?api-version=2024-10-21",
    ],
    [
      "/openai/deployments/gpt-x/chat/completions",
      "api-version=2025-01-01",
      "/openai/deployments/my-gpt/chat/completions?api-version=2025-01-01",
    ],
    [
      "/openai/deployments/gpt-y/embeddings",
      "a=b",
      "/openai/deployments/gpt-y/embeddings?a=b&api-version=2024-10-21",
    ],
    ["/openai/deployments/%zz/embeddings", "", "/openai/deployments/%zz/embeddings?api-version=2024-10-21"],
  ])("Azure: %s?%s", (path, query, expected) => {
    const url = providerById("azure").upstreamUrl(azureSettings, { method: "POST", path, query });
    expect(url.href).toBe(`https://res.openai.azure.com${expected}`);
  });

  test("Azure's version of the connection is used where the caller names none", () => {
    const request = { method: "GET", path: "/openai/models", query: "" };
    const url = providerById("azure").upstreamUrl({ ...azureSettings, apiVersion: "2025-03-01" }, request);
    expect(url.search).toBe("?api-version=2025-03-01");
  });

  test("a model that exactly one deployment runs becomes that deployment", () => {
    const named = (model: string) => providerById("azure").upstreamModel(azureSettings, model);
    expect(["gpt-x", "gpt-y", "my-gpt", "other"].map(named)).toEqual(["my-gpt", "gpt-y", "my-gpt", "other"]);
  });

  test.each(["/v1/models/../organization", "/v1/%2E%2e/x", "/v1/x?key=1", "/v1/x#y", "/v1\\x", "v1/x", ""])(
    "%p is no path",
    (path) => {
      const settings = { baseUrl: "https://h.example" };
      const build = () => providerById("openai").upstreamUrl(settings, { method: "GET", path, query: "" });
      expect(build).toThrow(expect.objectContaining({ code: "bad_path" }));
    },
  );

  test.each([
    "$fields=candidates",
    "alt=sse&fields=candidates,usageMetadata.promptTokenCount",
    "%24fields=x",
    "$httpMethod=POST",
    "%24HTTPmethod=POST",
    "$ct=text/plain",
  ])(
    "Google is not asked with %p: the answer's usage could be left out, or the request be another",
    (query) => {
      const request = { method: "POST", path: "/v1beta/models/gemini-x:generateContent", query } as const;
      const build = () => providerById("google").upstreamUrl({ baseUrl: "https://h.example" }, request);
      expect(build).toThrow(expect.objectContaining({ code: "bad_path" }));
    },
  );

  test.each(["alt=sse", "$alt=json&prettyPrint=false", "pageSize=5&pageToken=a"])(
    "Google is asked with %p",
    (query) => {
      const request = { method: "GET", path: "/v1beta/models", query } as const;
      const url = providerById("google").upstreamUrl({ baseUrl: "https://h.example" }, request);
      expect(url.search).toBe(`?${query}`);
    },
  );

  test("no path leads to another origin or above the base path", () => {
    const text = fc.oneof(
      fc.string(),
      fc.constantFrom("..", "%2e%2e", "\\", "@evil.example", "//evil.example", "#", "?"),
    );
    fc.assert(
      fc.property(fc.constantFrom(...PROVIDERS), fc.array(text), fc.string(), (provider, segments, query) => {
        const settings = settingsOf(provider);
        const base = new URL(settings.baseUrl);
        try {
          const url = provider.upstreamUrl(settings, {
            method: "GET",
            path: `/${segments.join("/")}`,
            query,
          });
          expect(url.origin).toBe(base.origin);
          expect(url.pathname.startsWith(base.pathname)).toBe(true);
        } catch (error) {
          expect(error).toMatchObject({ code: "bad_path" });
        }
      }),
    );
  });
});

describe("every provider", () => {
  test.each(PROVIDERS.map((provider) => [provider.preset ?? provider.id, provider] as const))(
    "%s sends one credential, only to its own origins, and tests there",
    (_name, provider) => {
      const settings = settingsOf(provider);
      const headers = provider.authHeaders("secret-value", settings);
      expect(headers.filter(([, value]) => value.includes("secret-value"))).toHaveLength(1);
      expect(provider.origins(settings)).toEqual([new URL(settings.baseUrl).origin]);
      const call = provider.testCall(settings);
      expect(new URL(call.url).origin).toBe(new URL(settings.baseUrl).origin);
      expect(call.headers.some(([name]) => /auth|key/i.test(name))).toBe(false);
      expect(call.proves).not.toBe("");
    },
  );

  test("formats are anchored and begin with their prefix", () => {
    for (const format of PROVIDERS.flatMap((provider) => provider.keyFormats)) {
      expect(format.pattern.source.startsWith("^")).toBe(true);
      expect(format.pattern.source.endsWith("$")).toBe(true);
      expect(format.pattern.flags).toBe("");
    }
  });
});

test("Google's OpenAI-compatible routes get a bearer, its own routes the key header", () => {
  const google = providerById("google");
  const request = (path: string) => ({ method: "POST", path, query: "" });
  const settings = { ...settingsOf(google), project: "billed" };
  const names = (path: string) => google.authHeaders("k", settings, request(path)).map(([name]) => name);
  expect(names("/v1beta/openai/chat/completions")).toEqual(["authorization", "x-goog-user-project"]);
  expect(names("/v1/chat/completions")).toEqual(["authorization", "x-goog-user-project"]);
  expect(names("/v1beta/models/m:generateContent")).toEqual(["x-goog-api-key", "x-goog-user-project"]);
});

test("a local server without a key gets no credential", () => {
  const ollama = providerById("openai-compatible", "ollama");
  expect(ollama.keyOptional).toBe(true);
  expect(ollama.authHeaders("", settingsOf(ollama))).toEqual([]);
});

test("OpenAI's organisation and project come from the connection", () => {
  const headers = providerById("openai").authHeaders("k", {
    baseUrl: "https://api.openai.com",
    organization: "org-a",
    project: "proj_b",
  });
  expect(headers.slice(1)).toEqual([
    ["openai-organization", "org-a"],
    ["openai-project", "proj_b"],
  ]);
});
