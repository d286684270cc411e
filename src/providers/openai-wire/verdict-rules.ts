import type { VerdictRule } from "../verdict-rules.ts";

/** Codes that mean money, whatever the status and the type beside them say (facts: error codes guide). */
const BILLING_CODES = [
  "credit_balance_exhausted",
  "organization_spend_limit_exceeded",
  "project_spend_limit_exceeded",
  "organization_usage_limit_exceeded",
  "insufficient_quota",
  "billing_hard_limit_reached",
  "billing_not_active",
];

/** OpenAI's own answers, in the order of diagnosis; compatible servers copy most of them. */
export const OPENAI_RULES: readonly VerdictRule[] = [
  {
    verdict: "region_blocked",
    words: ["unsupported_country_region_territory"],
    explanation: "OpenAI does not serve the country this request came from. The key is not the trouble.",
  },
  {
    verdict: "region_blocked",
    status: [401, 403],
    text: /\bIP\b.{0,80}\b(?:not (?:authorized|allowed)|allow-?list)/i,
    explanation:
      "An IP allow-list refuses this network. The key is not the trouble: add the address to the list.",
  },
  { verdict: "quota_exhausted", words: BILLING_CODES, link: "billing" },
  {
    verdict: "overloaded",
    words: ["server_is_overloaded", "server_error"],
    status: [500, 503],
    link: "status",
  },
  { verdict: "content_filtered", words: ["content_filter", "content_policy_violation"] },
  {
    verdict: "rate_limited",
    words: ["slow_down"],
    explanation:
      "Traffic rose too suddenly. The key works: send more slowly and raise the pace over minutes.",
  },
  { verdict: "rate_limited", words: ["rate_limit_exceeded"], link: "limits" },
  { verdict: "rate_limited", status: 429, link: "limits" },
  {
    verdict: "key_kind_disabled",
    status: [401, 403],
    text: /\badmin(?:istrator)? (?:api )?key/i,
    explanation: "An admin key only manages the organisation. Use a project key for requests.",
    link: "keys",
  },
  {
    verdict: "scope_missing",
    status: [401, 403],
    text: /missing scopes?: {0,3}(?<scopes>[a-z0-9_.:*-]+(?:, ?[a-z0-9_.:*-]+){0,19})/i,
    explanation: "The key is valid but restricted. Grant it: {scopes}",
    link: "keys",
  },
  { verdict: "scope_missing", status: [401, 403], text: /insufficient permissions/i, link: "keys" },
  {
    verdict: "model_not_available",
    status: 403,
    words: ["model_not_found"],
    explanation:
      "The key's project may not use this model. Allow it in the project's limits or use another model.",
    link: "limits",
  },
  { verdict: "model_not_available", words: ["model_not_found", "model_not_available"] },
  {
    verdict: "wrong_endpoint",
    status: [401, 403],
    words: ["mismatched_organization", "no_organization", "mismatched_project", "invalid_organization"],
    explanation:
      "The key does not belong to the organisation or project of this connection. Correct or drop them.",
  },
  {
    verdict: "invalid_key",
    status: 401,
    words: ["account_deactivated"],
    explanation: "The account behind the key is closed. Contact the provider.",
  },
  { verdict: "invalid_key", words: ["invalid_api_key"], link: "keys" },
  { verdict: "invalid_key", status: 401, link: "keys" },
  { verdict: "scope_missing", status: 403, link: "keys" },
];

/** For errors inside streams and `response.failed` events, which come with status 200. */
export const OPENAI_STATUS_OF_WORD: Readonly<Record<string, number>> = {
  server_error: 500,
  server_is_overloaded: 503,
  rate_limit_exceeded: 429,
  slow_down: 429,
  insufficient_quota: 429,
  tokens: 429,
  requests: 429,
  invalid_api_key: 401,
  authentication_error: 401,
  permission_error: 403,
  model_not_found: 404,
  invalid_request_error: 400,
};
