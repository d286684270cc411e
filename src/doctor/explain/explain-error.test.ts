import { describe, expect, test } from "bun:test";
import * as fc from "fast-check";
import { PROVIDERS, VERDICTS } from "../../providers/index.ts";
import { explainError } from "./explain-error.ts";
import { GUIDES } from "./guides.ts";

const NOW_MS = Date.UTC(2026, 10, 24);
const explain = (text: string) => explainError(text, { nowMs: NOW_MS });

/** As people paste them: from terminals, logs, tools' windows. */
const SAMPLES: readonly (readonly [what: string, text: string, expected: object])[] = [
  [
    "OpenAI's JSON",
    '{"error":{"message":"Incorrect API key provided: sk-ab***yz.","type":"invalid_request_error","param":null,"code":"invalid_api_key"}}',
    {
      verdict: "invalid_key",
      title: "Invalid API Key",
      provider: "openai",
      link: "https://platform.openai.com/api-keys",
    },
  ],
  [
    "Python's openai",
    "openai.RateLimitError: Error code: 429 - {'error': {'message': 'You exceeded your current quota, please check your plan', 'type': 'insufficient_quota', 'param': None, 'code': 'insufficient_quota'}}",
    {
      verdict: "quota_exhausted",
      title: "Insufficient Quota",
      provider: "openai",
      status: 429,
      retryable: false,
    },
  ],
  [
    "Python's openai, rate limit with an apostrophe",
    `openai.RateLimitError: Error code: 429 - {'error': {'message': "Rate limit reached; don't hurry", 'type': 'tokens', 'code': 'rate_limit_exceeded'}}`,
    { verdict: "rate_limited", title: "Rate Limited", retryable: true },
  ],
  [
    "Node's openai",
    "AuthenticationError: 401 Incorrect API key provided. You can find your API key at https://platform.openai.com/account/api-keys.\n    at APIError.generate (file:///app/node_modules/openai/core/error.mjs:45:20)",
    { verdict: "invalid_key", provider: "openai", status: 401 },
  ],
  [
    "a model that is gone",
    "Error code: 404 - {'error': {'message': 'The model `gpt-4-32k` does not exist or you do not have access to it.', 'type': 'invalid_request_error', 'code': 'model_not_found'}}",
    {
      verdict: "model_not_available",
      title: "Model Not Available",
      cause: "The model gpt-4-32k is retired since 2025-06-06.",
    },
  ],
  [
    "Anthropic's billing, which says request",
    `anthropic.BadRequestError: Error code: 400 - {'type': 'error', 'error': {'type': 'invalid_request_error', 'message': 'Your credit balance is too low to access the Anthropic API.'}}`,
    { verdict: "quota_exhausted", provider: "anthropic", status: 400 },
  ],
  [
    "Anthropic in an HTTP dump",
    'HTTP/2 429 \r\ncontent-type: application/json\r\nretry-after: 17\r\n\r\n{"type":"error","error":{"type":"rate_limit_error","message":"This request would exceed the rate limit"},"request_id":"req_1"}',
    { verdict: "rate_limited", provider: "anthropic", status: 429, retryAfterMs: 17_000 },
  ],
  [
    "curl -v",
    '< HTTP/1.1 401 Unauthorized\n< content-type: application/json\n<\n{"type":"error","error":{"type":"authentication_error","message":"invalid x-api-key"}}',
    { verdict: "invalid_key", provider: "anthropic", status: 401 },
  ],
  [
    "Gemini, where an invalid key is a 400",
    `google.genai.errors.ClientError: 400 INVALID_ARGUMENT. {'error': {'code': 400, 'message': 'API key not valid. Please pass a valid API key.', 'status': 'INVALID_ARGUMENT', 'details': [{'@type': 'type.googleapis.com/google.rpc.ErrorInfo', 'reason': 'API_KEY_INVALID', 'domain': 'googleapis.com'}]}}`,
    { verdict: "invalid_key", provider: "google", status: 400 },
  ],
  [
    "Gemini's quota of the day",
    '{"error":{"code":429,"message":"You exceeded your current quota","status":"RESOURCE_EXHAUSTED","details":[{"@type":"type.googleapis.com/google.rpc.QuotaFailure","violations":[{"quotaId":"GenerateRequestsPerDayPerProjectPerModel-FreeTier"}]},{"retryDelay":"33s"}]}}',
    { verdict: "daily_quota", provider: "google", status: 429, retryAfterMs: 33_000 },
  ],
  [
    "Gemini, leaked",
    '{"error":{"code":403,"message":"Your API key was reported as leaked. Please use another API key.","status":"PERMISSION_DENIED"}}',
    { verdict: "leaked", provider: "google" },
  ],
  [
    "Azure's two-headed 401",
    "Error code: 401 - {'error': {'code': '401', 'message': 'Access denied due to invalid subscription key or wrong API endpoint.'}}",
    { verdict: "invalid_key", provider: "azure" },
  ],
  [
    "Azure's deployment",
    '{"error":{"code":"DeploymentNotFound","message":"The API deployment for this resource does not exist."}}',
    { verdict: "model_not_available", provider: "azure" },
  ],
  [
    "Vercel's AI SDK",
    `AI_APICallError: Invalid API key\n  url: 'https://api.openai.com/v1/responses',\n  statusCode: 401,\n  responseBody: '{"error":{"message":"Incorrect API key provided","type":"invalid_request_error","code":"invalid_api_key"}}'`,
    { verdict: "invalid_key", provider: "openai", status: 401 },
  ],
  [
    "LiteLLM's wrapping",
    'litellm.RateLimitError: RateLimitError: OpenAIException - Error code: 429 - {"error": {"message": "Rate limit reached", "type": "requests", "code": "rate_limit_exceeded"}}',
    { verdict: "rate_limited", status: 429 },
  ],
  [
    "words of a log",
    "the provider said: rate limit exceeded, too many requests",
    { verdict: "rate_limited" },
  ],
  [
    "overloaded",
    '{"type":"error","error":{"type":"overloaded_error","message":"Overloaded"}}',
    { verdict: "overloaded" },
  ],
  [
    "DeepSeek without money",
    "openai.APIStatusError: Error code: 402 - {'error': {'message': 'Insufficient Balance', 'type': 'unknown_error'}} deepseek-chat",
    { verdict: "quota_exhausted", provider: "deepseek", status: 402 },
  ],
  [
    "a restricted key",
    "Error code: 403 - {'error': {'message': 'You have insufficient permissions for this operation. Missing scopes: api.model.read.', 'code': None}} openai",
    { verdict: "scope_missing", cause: "The key is valid but restricted. Grant it: api.model.read." },
  ],
  [
    "nobody there",
    "openai.APIConnectionError: Connection error. cause: connect ECONNREFUSED 127.0.0.1:7788",
    { verdict: "unreachable", retryable: true },
  ],
  [
    "a company's certificate",
    "SSLError: certificate verify failed: self-signed certificate in certificate chain",
    { verdict: "unreachable" },
  ],
  [
    "Cursor and localhost",
    '{"error":{"type":"ssrf_blocked","message":"connection to private IP is blocked"}}',
    { verdict: "unreachable", next: expect.stringContaining("--tunnel") },
  ],
  [
    "no key at all",
    "openai.OpenAIError: The api_key client option must be set either by passing api_key to the client or by setting the OPENAI_API_KEY environment variable",
    { verdict: "invalid_key", next: expect.stringContaining("ownkey run") },
  ],
  ["Gemini CLI's trap", "Invalid auth method selected.", { verdict: "wrong_endpoint" }],
  [
    "Ownkey's own refusal",
    '{"error":{"message":"the budget is used up","type":"billing_error","code":"budget_exceeded"}}',
    { verdict: null, code: "budget_exceeded", status: 402 },
  ],
  [
    "Ownkey's refusal within an SDK's text",
    "Error code: 401 - {'error': {'message': 'the request does not hold one valid Ownkey virtual key', 'type': 'authentication_error', 'param': None, 'code': 'invalid_virtual_key'}}",
    { verdict: null, code: "invalid_virtual_key", status: 401 },
  ],
  [
    "Ownkey's own refusal by a word that providers use as well",
    "Error code: 503 - {'error': {'message': 'this gateway has as many large requests under way as it can keep: try again shortly', 'type': 'server_error', 'code': 'overloaded'}}",
    { verdict: null, code: "overloaded", next: expect.stringContaining("bodyMemoryMb") },
  ],
  ["nothing that tells", "it does not work", { verdict: "unknown", provider: null, status: null }],
  ["nothing at all", "", { verdict: "unknown" }],
];

describe("an error as it was pasted is recognised:", () => {
  test.each(SAMPLES.map(([what, text, expected]) => [what, { text, expected }] as const))(
    "%s",
    (_what, { text, expected }) => {
      expect(explain(text)).toMatchObject(expected);
    },
  );
});

test("every verdict has a title, a next step, and, where somebody can look at something, what to look at", () => {
  for (const verdict of VERDICTS) {
    const guide = GUIDES[verdict];
    expect(guide.title).not.toBe("");
    expect(guide.next).not.toBe("");
    expect(guide.checklist.length > 0).toBe(verdict !== "ok");
  }
});

test("a provider that is told is not guessed", () => {
  const azure = PROVIDERS.find(({ id }) => id === "azure");
  expect(explainError("Error code: 404 - openai", { provider: azure, nowMs: NOW_MS })).toMatchObject({
    provider: "azure",
    providerGuessed: false,
    verdict: "wrong_endpoint",
  });
});

test("no key comes out again, wherever it stands in the text", () => {
  const key = `sk-${"proj"}-${"Ab1".repeat(20)}`;
  const texts = [
    `{"error":{"message":"Incorrect API key provided: ${key}","code":"invalid_api_key"}}`,
    `AuthenticationError: 401 ${"x".repeat(485)} ${key}`,
    `HTTP/1.1 401 Unauthorized\nauthorization: Bearer ${key}\n\nno`,
    `{'error': {'message': '${key}', 'code': '${key}'}}`,
    `connect ECONNREFUSED https://u:p@host/?key=${key}`,
    key,
  ];
  for (const text of texts) expect(JSON.stringify(explain(text))).not.toContain(key.slice(10, 30));
});

test("any text gives an explanation, and a key in it never comes out", () => {
  const key = `AI${"za"}${"Qx7".repeat(12)}`;
  const piece = fc.oneof(
    fc.string({ unit: "binary", maxLength: 40 }),
    fc.constantFrom(
      "{",
      "}",
      "'",
      '"',
      "\\",
      "{'error': {",
      '{"error":{',
      "HTTP/1.1 429 ",
      "Error code: 401 - ",
      "None",
      key,
      "\n",
      "gpt-4",
      "retry-after: 5\n",
    ),
    fc.json({ maxDepth: 3 }),
  );
  fc.assert(
    fc.property(fc.array(piece, { maxLength: 30 }), (pieces) => {
      const explained = explain(pieces.join(" "));
      expect(explained.next).not.toBe("");
      expect(JSON.stringify(explained)).not.toContain(key.slice(4, 24));
    }),
    { numRuns: 400 },
  );
});

test("hostile texts end: braces without end, quotes, repeated words", () => {
  for (const unit of [
    "{",
    "{'",
    '{"a":',
    "'",
    "\\",
    "Error: ",
    "HTTP/1.1 ",
    "api_key ",
    "model ",
    "a-",
    "OPENAI_API_KEY ",
  ]) {
    expect(explain(unit.repeat(60_000 / unit.length)).title).not.toBe("");
  }
});
