import { describe, expect, test } from "bun:test";
import * as fc from "fast-check";
import { matchRoute, PROVIDERS, resolveProviderName } from "./registry.ts";
import { modelInPath } from "./route-match.ts";

describe("a provider's inference routes are found by method and path", () => {
  test.each([
    ["openai", "POST", "/v1/chat/completions", "chat"],
    ["openai", "POST", "/v1/responses", "responses"],
    ["openai", "POST", "/v1/responses/input_tokens", "count_tokens"],
    ["openai", "GET", "/v1/responses/resp_1", "other"],
    ["openai", "DELETE", "/v1/responses/resp_1", "other"],
    ["openai", "POST", "/v1/responses/resp_1/cancel", "other"],
    ["openai", "GET", "/v1/responses/resp_1/input_items", "other"],
    ["openai", "POST", "/v1/completions", "completions"],
    ["openai", "POST", "/v1/embeddings", "embeddings"],
    ["openai", "GET", "/v1/models", "models"],
    ["openai", "GET", "/v1/models/ft:gpt-4o:me::abc", "models"],
    ["openai", "POST", "/v1/images/edits", "images"],
    ["openai", "POST", "/v1/audio/transcriptions", "audio_transcription"],
    ["openai", "POST", "/v1/audio/speech", "audio_speech"],
    ["openai", "POST", "/v1/moderations", "moderations"],
    ["openai", "GET", "/v1/files/file-1/content", "files"],
    ["anthropic", "POST", "/v1/messages", "messages"],
    ["anthropic", "POST", "/v1/messages/count_tokens", "count_tokens"],
    ["anthropic", "GET", "/v1/models/claude-x", "models"],
    ["anthropic", "POST", "/v1/files", "files"],
    ["google", "POST", "/v1beta/models/gemini-x:generateContent", "generate"],
    ["google", "POST", "/v1/models/gemini-x:streamGenerateContent", "generate"],
    ["google", "POST", "/v1beta/models/gemini-x:countTokens", "count_tokens"],
    ["google", "POST", "/v1beta/models/gemini-x:batchEmbedContents", "embeddings"],
    ["google", "POST", "/upload/v1beta/files", "files"],
    ["google", "POST", "/v1beta/openai/chat/completions", "chat"],
    ["google", "GET", "/v1beta/openai/models", "models"],
    ["azure", "POST", "/openai/deployments/my-gpt/chat/completions", "chat"],
    ["azure", "POST", "/openai/deployments/my-gpt/embeddings", "embeddings"],
    ["azure", "POST", "/openai/v1/responses", "responses"],
    ["azure", "POST", "/v1/chat/completions", "chat"],
    ["openrouter", "GET", "/v1/models/maker/model", "models"],
  ] as const)("%s: %s %s", (name, method, path, kind) => {
    expect(matchRoute(resolveProviderName(name).provider, method, path)).toMatchObject({ kind });
  });
});

describe("what mints credentials or administers is denied, whatever the case of its letters", () => {
  test.each([
    ["openai", "/v1/realtime/client_secrets"],
    ["openai", "/v1/realtime/sessions"],
    ["openai", "/v1/organization/admin_api_keys"],
    ["openai", "/v1/Organization/projects/p/api_keys"],
    ["openai", "/v1/chatkit/sessions"],
    ["anthropic", "/v1/organizations/api_keys"],
    ["anthropic", "/v1/oauth/token"],
    ["google", "/v1beta/authTokens"],
    ["google", "/v1alpha/auth_tokens"],
    ["google", "/v1beta/authTokens:create"],
    ["google", "/v1beta/tunedModels/m/permissions"],
    ["azure", "/openai/v1/realtime/client_secrets"],
    ["azure", "/openai/realtimeapi/sessions"],
    ["openrouter", "/v1/keys"],
    ["openrouter", "/keys/hash"],
    ["openrouter", "/v1/credits"],
    ["openrouter", "/v1/auth/keys"],
  ] as const)("%s: %s", (name, path) => {
    const { provider } = resolveProviderName(name);
    for (const method of ["GET", "POST", "DELETE"]) expect(matchRoute(provider, method, path)).toBe("denied");
  });
});

test("anything else is left to the paths of the virtual key", () => {
  const cases = [
    ["openai", "PUT", "/v1/chat/completions"],
    ["openai", "POST", "/v1/chat/completions/x"],
    ["openai", "POST", "/v1/fine_tuning/jobs"],
    ["openai", "GET", "/"],
    ["anthropic", "POST", "/v1/messages/batches"],
    ["google", "POST", "/v1beta/models/:generateContent"],
    ["google", "POST", "/v1beta/models/x:batchGenerateContent"],
    ["openai", "POST", ""],
  ] as const;
  for (const [name, method, path] of cases) {
    expect(matchRoute(resolveProviderName(name).provider, method, path)).toBeUndefined();
  }
});

test("routes that take a body say how large, and looking up costs nothing", () => {
  for (const rule of PROVIDERS.flatMap((provider) => provider.routes)) {
    if (rule.method === "POST") expect(rule.maxBodyBytes).toBeGreaterThan(0);
    if (rule.method === "GET") expect(rule).toMatchObject({ maxBodyBytes: 0, free: true });
  }
});

test("no provider's own route is denied by itself", () => {
  for (const provider of PROVIDERS) {
    for (const rule of provider.routes) {
      const path = rule.path.replace(/:[a-z]+\*?(?=\/|:|$)/g, "x");
      expect(matchRoute(provider, rule.method, path)).not.toBe("denied");
    }
  }
});

test("any path at all is matched without an error", () => {
  fc.assert(
    fc.property(
      fc.constantFrom(...PROVIDERS),
      fc.string(),
      fc.array(fc.string()),
      (provider, method, segments) => {
        const found = matchRoute(provider, method, `/${segments.join("/")}`);
        expect(found === undefined || found === "denied" || typeof found === "object").toBe(true);
      },
    ),
  );
});

test.each([
  ["/v1beta/models/gemini-x:generateContent", "gemini-x"],
  ["/v1beta/tunedModels/mine:generateContent", "tunedModels/mine"],
  ["/v1beta/models/gemini-x", "gemini-x"],
  ["/openai/deployments/my-gpt/chat/completions", "my-gpt"],
  ["/v1/models/ft:gpt-4o:me::abc", "ft:gpt-4o:me::abc"],
  ["/v1/models/maker/model", "maker/model"],
  ["/v1/chat/completions", undefined],
  ["/v1/models", undefined],
])("the model is read out of %p", (path, model) => {
  expect(modelInPath(path)).toBe(model);
});
