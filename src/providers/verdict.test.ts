import { describe, expect, test } from "bun:test";
import * as fc from "fast-check";
import type { Json } from "../kernel/index.ts";
import type { ProviderAnswer } from "./provider.ts";
import { PROVIDERS, resolveProviderName } from "./registry.ts";
import { VERDICTS, type Verdict } from "./verdict.ts";

function verdictOf(
  name: string,
  status: number,
  body: Json | string,
  headers: Record<string, string> = {},
): Verdict {
  const text = typeof body === "string" ? body : JSON.stringify(body);
  return resolveProviderName(name).provider.verdict({ status, headers: new Headers(headers), body: text });
}

const openai = (message: string, code: string | null = null, type = "invalid_request_error") => ({
  error: { message, type, param: null, code },
});
const anthropic = (type: string, message: string, details?: Json) => ({
  type: "error",
  error: { type, message, ...(details === undefined ? {} : { details }) },
});
const azure = (code: string, message: string) => ({ error: { code, message } });
const google = (code: number, status: string, message: string, ...details: Json[]) => ({
  error: { code, status, message, details },
});
const reason = (word: string) => ({ "@type": "type.googleapis.com/google.rpc.ErrorInfo", reason: word });
const quota = (quotaId: string) => ({
  "@type": "type.googleapis.com/google.rpc.QuotaFailure",
  violations: [{ quotaId }],
});

/** Provider, status, body, verdict: the table of the facts, line by line. */
const CASES: readonly (readonly [string, number, Json | string, string])[] = [
  ["openai", 401, openai("Incorrect API key provided", "invalid_api_key"), "invalid_key"],
  ["openai", 401, openai("closed", "account_deactivated"), "invalid_key"],
  ["openai", 401, openai("no", "mismatched_organization"), "wrong_endpoint"],
  ["openai", 401, openai("no", "no_organization"), "wrong_endpoint"],
  ["openai", 401, openai("Your IP is not authorized to use this project"), "region_blocked"],
  [
    "openai",
    401,
    openai("You have insufficient permissions for this operation. Missing scopes: api.model.read"),
    "scope_missing",
  ],
  [
    "openai",
    403,
    openai("Country not supported", "unsupported_country_region_territory", "request_forbidden"),
    "region_blocked",
  ],
  [
    "openai",
    403,
    openai("Project `p` does not have access to model `m`", "model_not_found"),
    "model_not_available",
  ],
  ["openai", 404, openai("The model `m` does not exist", "model_not_found"), "model_not_available"],
  ["openai", 429, openai("slow", "rate_limit_exceeded", "tokens"), "rate_limited"],
  ["openai", 429, openai("sudden", "slow_down"), "rate_limited"],
  ["openai", 429, openai("quota", "insufficient_quota", "insufficient_quota"), "quota_exhausted"],
  ["openai", 429, openai("empty", "credit_balance_exhausted", "insufficient_quota"), "quota_exhausted"],
  ["openai", 429, openai("limit", "project_spend_limit_exceeded"), "quota_exhausted"],
  ["openai", 401, openai("Admin API keys cannot be used for this"), "key_kind_disabled"],
  ["openai", 400, openai("context", "context_length_exceeded"), "bad_request"],
  ["openai", 400, openai("filtered", "content_filter"), "content_filtered"],
  ["openai", 500, openai("oops", null, "server_error"), "overloaded"],
  ["openai", 503, openai("busy", "server_is_overloaded"), "overloaded"],
  ["openai", 200, openai("mid-stream", null, "server_error"), "overloaded"],
  [
    "openai",
    200,
    { type: "response.failed", response: { error: { code: "rate_limit_exceeded", message: "x" } } },
    "rate_limited",
  ],

  ["anthropic", 401, anthropic("authentication_error", "invalid x-api-key"), "invalid_key"],
  [
    "anthropic",
    401,
    anthropic("authentication_error", "CORS requests are not allowed for this Organization"),
    "key_kind_disabled",
  ],
  [
    "anthropic",
    400,
    anthropic("invalid_request_error", "Your credit balance is too low to access the API."),
    "quota_exhausted",
  ],
  [
    "anthropic",
    400,
    anthropic("invalid_request_error", "You have reached your specified API usage limits."),
    "quota_exhausted",
  ],
  [
    "anthropic",
    400,
    anthropic("invalid_request_error", "You have reached your specified workspace API usage limits."),
    "quota_exhausted",
  ],
  ["anthropic", 402, anthropic("billing_error", "pay"), "quota_exhausted"],
  ["anthropic", 403, anthropic("permission_error", "no"), "scope_missing"],
  ["anthropic", 403, anthropic("forbidden", "Request not allowed"), "region_blocked"],
  ["anthropic", 404, anthropic("not_found_error", "model: claude-2.1"), "model_not_available"],
  ["anthropic", 404, anthropic("not_found_error", "Not found"), "wrong_endpoint"],
  ["anthropic", 413, anthropic("request_too_large", "big"), "bad_request"],
  ["anthropic", 429, anthropic("rate_limit_error", "slow"), "rate_limited"],
  [
    "anthropic",
    429,
    anthropic("rate_limit_error", "cap", { error_code: "enforced_spend_limit_reached" }),
    "quota_exhausted",
  ],
  ["anthropic", 529, anthropic("overloaded_error", "Overloaded"), "overloaded"],
  ["anthropic", 504, anthropic("timeout_error", "slow"), "overloaded"],
  ["anthropic", 200, anthropic("overloaded_error", "Overloaded"), "overloaded"],
  [
    "anthropic",
    200,
    `event: error\ndata: ${JSON.stringify(anthropic("rate_limit_error", "x"))}\n\n`,
    "rate_limited",
  ],

  [
    "azure",
    401,
    azure("401", "Access denied due to invalid subscription key or wrong API endpoint."),
    "invalid_key",
  ],
  ["azure", 401, azure("PermissionDenied", "The principal lacks the required data action"), "scope_missing"],
  ["azure", 401, azure("401", "The audience is incorrect."), "wrong_endpoint"],
  [
    "azure",
    403,
    azure("AuthenticationTypeDisabled", "Key based authentication is disabled for this resource."),
    "key_kind_disabled",
  ],
  [
    "azure",
    403,
    azure("403", "Public access is disabled. Please configure private endpoint."),
    "region_blocked",
  ],
  ["azure", 403, azure("403", "Access denied due to Virtual Network/Firewall rules."), "region_blocked"],
  ["azure", 403, azure("403", "The subscription is disabled"), "quota_exhausted"],
  ["azure", 403, azure("403", "This resource has been temporarily blocked"), "key_kind_disabled"],
  [
    "azure",
    404,
    azure("DeploymentNotFound", "The API deployment for this resource does not exist."),
    "model_not_available",
  ],
  ["azure", 404, azure("404", "Resource not found"), "wrong_endpoint"],
  ["azure", 400, azure("content_filter", "filtered"), "content_filtered"],
  [
    "azure",
    429,
    azure("429", "exceeded token rate limit of your current OpenAI S0 pricing tier."),
    "rate_limited",
  ],
  ["azure", 429, azure("429", "System is experiencing high demand"), "overloaded"],
  ["azure", 503, "", "overloaded"],

  [
    "google",
    400,
    google(400, "INVALID_ARGUMENT", "API key not valid.", reason("API_KEY_INVALID")),
    "invalid_key",
  ],
  [
    "google",
    400,
    google(400, "INVALID_ARGUMENT", "API key expired. Please renew the API key."),
    "invalid_key",
  ],
  [
    "google",
    400,
    google(400, "INVALID_ARGUMENT", "Multiple authentication credentials received."),
    "bad_request",
  ],
  [
    "google",
    400,
    google(400, "FAILED_PRECONDITION", "User location is not supported for the API use."),
    "region_blocked",
  ],
  ["google", 400, google(400, "FAILED_PRECONDITION", "Please enable billing"), "quota_exhausted"],
  [
    "google",
    401,
    google(401, "UNAUTHENTICATED", "x", reason("ACCESS_TOKEN_TYPE_UNSUPPORTED")),
    "key_kind_disabled",
  ],
  [
    "google",
    402,
    google(402, "RESOURCE_EXHAUSTED", "Your prepayment credits are depleted."),
    "quota_exhausted",
  ],
  [
    "google",
    429,
    google(429, "RESOURCE_EXHAUSTED", "Your prepayment credits are depleted."),
    "quota_exhausted",
  ],
  [
    "google",
    403,
    google(403, "PERMISSION_DENIED", "Your API key was reported as leaked. Please use another API key."),
    "leaked",
  ],
  ["google", 403, google(403, "PERMISSION_DENIED", "x", reason("CONSUMER_SUSPENDED")), "scope_missing"],
  ["google", 403, google(403, "PERMISSION_DENIED", "x", reason("SERVICE_DISABLED")), "scope_missing"],
  ["google", 403, google(403, "PERMISSION_DENIED", "x", reason("BILLING_DISABLED")), "quota_exhausted"],
  ["google", 403, google(403, "PERMISSION_DENIED", "x", reason("API_KEY_SERVICE_BLOCKED")), "scope_missing"],
  [
    "google",
    403,
    google(403, "PERMISSION_DENIED", "x", reason("API_KEY_IP_ADDRESS_BLOCKED")),
    "region_blocked",
  ],
  [
    "google",
    404,
    google(404, "NOT_FOUND", "models/gemini-pro is not found for API version v1beta"),
    "model_not_available",
  ],
  ["google", 404, "<html><title>Error 404 (Not Found)</title></html>", "wrong_endpoint"],
  [
    "google",
    429,
    google(429, "RESOURCE_EXHAUSTED", "x", quota("GenerateRequestsPerDayPerProjectPerModel-FreeTier")),
    "daily_quota",
  ],
  [
    "google",
    429,
    google(429, "RESOURCE_EXHAUSTED", "x", quota("GenerateRequestsPerMinutePerProject")),
    "rate_limited",
  ],
  ["google", 503, google(503, "UNAVAILABLE", "busy"), "overloaded"],
  ["google", 200, google(503, "UNAVAILABLE", "busy"), "overloaded"],
  ["google", 400, [google(400, "INVALID_ARGUMENT", "x", reason("API_KEY_INVALID"))], "invalid_key"],

  ["openrouter", 402, { error: { code: 402, message: "Insufficient credits" } }, "quota_exhausted"],
  ["openrouter", 402, { error: { code: "in_flight_budget_exhausted", message: "wait" } }, "rate_limited"],
  ["openrouter", 403, { error: { code: 403, message: "Budget limit exceeded" } }, "quota_exhausted"],
  ["openrouter", 200, { data: { label: "k", limit_remaining: 0 } }, "quota_exhausted"],
  ["openrouter", 200, { data: { label: "k", limit: null, limit_remaining: null } }, "ok"],
  ["openrouter", 200, { error: { code: 429, message: "upstream" } }, "rate_limited"],
  ["deepseek", 402, openai("Insufficient Balance"), "quota_exhausted"],
  ["deepseek", 200, { is_available: false }, "quota_exhausted"],
  ["deepseek", 401, openai("Authentication Fails"), "invalid_key"],
  [
    "xai",
    400,
    { code: "Client specified an invalid argument", error: "Incorrect API key provided." },
    "invalid_key",
  ],
  ["xai", 200, { api_key_blocked: true }, "key_kind_disabled"],
  ["xai", 200, { api_key_blocked: false, api_key_disabled: false, team_blocked: false }, "ok"],
  [
    "groq",
    404,
    openai("The model `x` does not exist or you do not have access", "model_not_found"),
    "model_not_available",
  ],
  ["mistral", 401, { detail: "Unauthorized" }, "invalid_key"],
];

describe("answers get the verdict of the table", () => {
  test.each(CASES)("%s %d %j → %s", (provider, status, body, name) => {
    expect(verdictOf(provider, status, body).name).toBe(name as Verdict["name"]);
  });

  test("only what may pass by itself is called retryable", () => {
    for (const [provider, status, body] of CASES) {
      const verdict = verdictOf(provider, status, body);
      expect(verdict.retryable).toBe(verdict.name === "overloaded" || verdict.name === "rate_limited");
    }
  });
});

test("missing scopes are named in the explanation", () => {
  const { explanation } = verdictOf("openai", 403, openai("Missing scopes: api.model.read, model.request"));
  expect(explanation).toEndWith("Grant it: api.model.read, model.request");
});

test("Azure's one text for two causes names both", () => {
  expect(verdictOf("azure", 401, azure("401", "Access denied")).explanation).toContain("another resource");
});

test("the provider's own words stay beside the verdict, and a console page is offered", () => {
  const verdict = verdictOf("openai", 401, openai("Incorrect API key provided", "invalid_api_key"));
  expect(verdict.providerText).toBe("Incorrect API key provided");
  expect(verdict.link).toStartWith("https://platform.openai.com/");
});

describe("answers that are no API's", () => {
  test.each([
    [502, "<html><body><h1>502 Bad Gateway</h1></body></html>", "overloaded"],
    [200, "<!doctype html><html>Sign in</html>", "wrong_endpoint"],
    [403, "<html><h1>Sorry, you have been blocked</h1></html>", "region_blocked"],
    [307, "", "wrong_endpoint"],
    [418, "", "unknown"],
    [200, "", "unknown"],
    [500, "\u0000\u0001", "overloaded"],
  ])("%d %p → %s", (status, body, name) => {
    for (const id of ["openai", "anthropic", "azure", "google", "groq"]) {
      expect(verdictOf(id, status, body).name).toBe(name as Verdict["name"]);
    }
  });

  test("markup is left out of the provider's words", () => {
    expect(verdictOf("openai", 502, "<html>\n<h1>Bad  Gateway</h1></html>").providerText).toBe("Bad Gateway");
  });
});

test("a good answer is ok", () => {
  expect(verdictOf("openai", 200, { object: "list", data: [] })).toEqual({
    name: "ok",
    explanation: "The key works.",
    retryable: false,
  });
});

describe("how long to wait", () => {
  const date = "Mon, 02 Nov 2026 10:00:00 GMT";
  test.each([
    [{ "retry-after-ms": "1500", "retry-after": "9" }, 1500],
    [{ "retry-after": "20" }, 20_000],
    [{ "retry-after": "Mon, 02 Nov 2026 10:00:30 GMT", date }, 30_000],
    [{ "retry-after": "Mon, 02 Nov 2026 09:00:00 GMT", date }, 0],
    [{ "retry-after": "Mon, 02 Nov 2026 10:00:30 GMT" }, undefined],
    [{ "x-ratelimit-remaining-requests": "0", "x-ratelimit-reset-requests": "1m2.5s" }, 62_500],
    [{ "x-ratelimit-remaining-tokens": "5", "x-ratelimit-reset-tokens": "6m0s" }, undefined],
    [{ "x-ratelimit-remaining-tokens": "0", "x-ratelimit-reset-tokens": "12ms" }, 12],
    [{ "x-ratelimit-remaining-tokens": "0", "x-ratelimit-reset-tokens": "7" }, 7000],
    [{ "x-ratelimit-remaining-tokens": "-1", "x-ratelimit-reset-tokens": "0" }, undefined],
    [
      {
        "anthropic-ratelimit-requests-remaining": "0",
        "anthropic-ratelimit-requests-reset": "2026-11-02T10:00:05Z",
        date,
      },
      5000,
    ],
    [{ "retry-after": "garbage" }, undefined],
    [{ "retry-after": "99999999999" }, undefined],
    [{}, undefined],
  ] as const)("%j → %p", (headers, waitMs) => {
    expect(verdictOf("openai", 429, "{}", headers).retryAfterMs).toBe(waitMs as number);
  });

  test("Google says it in the body", () => {
    const body = google(429, "RESOURCE_EXHAUSTED", "x", { retryDelay: "33.5s" });
    expect(verdictOf("google", 429, body).retryAfterMs).toBe(33_500);
  });
});

test("whatever an upstream answers, there is a verdict", () => {
  const key = fc.constantFrom(
    "error",
    "message",
    "code",
    "type",
    "details",
    "violations",
    "quotaId",
    "response",
    "status",
    "data",
    "retryDelay",
  );
  const { tree } = fc.letrec<{ tree: Json }>((tie) => ({
    tree: fc.oneof(
      { maxDepth: 4 },
      fc.string(),
      fc.double(),
      fc.constant(null),
      fc.boolean(),
      fc.array(tie("tree"), { maxLength: 3 }),
      fc.dictionary(key, tie("tree"), { maxKeys: 4 }),
    ),
  }));
  const body = fc.oneof(
    fc.string(),
    tree.map((value) => JSON.stringify(value)),
    tree.map((value) => `data: ${JSON.stringify(value)}\n`),
  );
  const answer: fc.Arbitrary<ProviderAnswer> = fc.record({
    status: fc.integer({ min: 200, max: 599 }),
    headers: fc.constant(new Headers()),
    body,
  });
  fc.assert(
    fc.property(fc.constantFrom(...PROVIDERS), answer, (provider, given) => {
      expect(VERDICTS).toContain(provider.verdict(given).name);
    }),
    { numRuns: 500 },
  );
});
