import type { VerdictRule } from "../verdict-rules.ts";

/** Anthropic's answers in the order of diagnosis. Money comes as 400 as well as 402 and 429. */
export const ANTHROPIC_RULES: readonly VerdictRule[] = [
  {
    verdict: "region_blocked",
    status: 403,
    words: ["forbidden"],
    explanation: "Anthropic refuses requests from this network or country. The key is not the trouble.",
  },
  { verdict: "region_blocked", status: 403, text: /^request not allowed/i },
  {
    verdict: "quota_exhausted",
    status: [400, 403, 429],
    text: /credit balance is too low/i,
    link: "billing",
  },
  {
    verdict: "quota_exhausted",
    status: [400, 429],
    text: /you have reached your specified (?:workspace )?api usage limits/i,
    explanation:
      "The spend limit that was set for the organisation or workspace is reached. Raise it or wait for the month to end.",
    link: "limits",
  },
  { verdict: "quota_exhausted", words: ["billing_error"], link: "billing" },
  {
    verdict: "quota_exhausted",
    words: ["enforced_spend_limit_reached"],
    explanation:
      "The month's spend limit of the usage tier is reached; it ends at 00:00 UTC on the 1st. Retrying does not help.",
    link: "limits",
  },
  { verdict: "overloaded", words: ["overloaded_error", "api_error", "timeout_error"], link: "status" },
  { verdict: "rate_limited", words: ["rate_limit_error"], link: "limits" },
  {
    verdict: "key_kind_disabled",
    status: 401,
    text: /\bCORS\b/,
    explanation: "The organisation forbids calls from browsers. Send the request without browser headers.",
  },
  {
    verdict: "key_kind_disabled",
    status: [401, 403],
    text: /oauth|subscription/i,
    explanation: "A subscription login is not an API key. Create a key in the console.",
    link: "keys",
  },
  { verdict: "scope_missing", words: ["permission_error"], link: "keys" },
  { verdict: "model_not_available", words: ["not_found_error"], text: /\bmodel\b/i },
  { verdict: "wrong_endpoint", words: ["not_found_error"] },
  { verdict: "invalid_key", words: ["authentication_error"], link: "keys" },
  {
    verdict: "bad_request",
    words: ["request_too_large"],
    explanation: "The request is larger than the provider takes.",
  },
  { verdict: "bad_request", words: ["invalid_request_error"] },
];

/** Errors inside a 200 stream (`event: error`) name their type only. */
export const ANTHROPIC_STATUS_OF_WORD: Readonly<Record<string, number>> = {
  invalid_request_error: 400,
  authentication_error: 401,
  billing_error: 402,
  permission_error: 403,
  not_found_error: 404,
  request_too_large: 413,
  rate_limit_error: 429,
  api_error: 500,
  timeout_error: 504,
  overloaded_error: 529,
};
