import type { ErrorFacts } from "../error-facts.ts";
import { objectsAt } from "../counts.ts";
import type { VerdictRule } from "../verdict-rules.ts";

/** Gemini's answers in the order of diagnosis. An invalid key is a 400, and money comes as 400, 402, 403 and 429. */
export const GOOGLE_RULES: readonly VerdictRule[] = [
  {
    verdict: "region_blocked",
    words: ["FAILED_PRECONDITION"],
    text: /location|country|region/i,
    explanation: "Google does not serve this place on the free tier, or at all. The key is not the trouble.",
  },
  {
    verdict: "region_blocked",
    words: ["API_KEY_IP_ADDRESS_BLOCKED"],
    explanation: "The key's IP restriction refuses this network. Add the address to the key's restrictions.",
    link: "keys",
  },
  { verdict: "quota_exhausted", words: ["BILLING_DISABLED", "payment_required"], link: "billing" },
  { verdict: "quota_exhausted", status: 402, link: "billing" },
  {
    verdict: "quota_exhausted",
    status: [403, 429],
    text: /prepay(?:ment)? credits|spend(?:ing)? cap|credits are depleted/i,
    link: "billing",
  },
  {
    verdict: "quota_exhausted",
    status: 400,
    words: ["FAILED_PRECONDITION"],
    explanation: "Billing is not enabled for the key's project.",
    link: "billing",
  },
  {
    verdict: "daily_quota",
    status: 429,
    when: (facts) => quotaIds(facts).some((id) => id.includes("PerDay")),
    explanation: "The quota of this day is used up. It comes back at midnight Pacific time.",
    link: "limits",
  },
  { verdict: "overloaded", status: [500, 503, 504], link: "status" },
  { verdict: "overloaded", words: ["UNAVAILABLE", "INTERNAL", "DEADLINE_EXCEEDED"], link: "status" },
  { verdict: "rate_limited", status: 429, link: "limits" },
  { verdict: "leaked", status: [400, 403], text: /reported as leaked/i, link: "keys" },
  {
    verdict: "key_kind_disabled",
    words: ["ACCESS_TOKEN_TYPE_UNSUPPORTED"],
    explanation:
      "This kind of credential is not accepted on this route. Try Gemini's own routes or a standard key.",
    link: "keys",
  },
  {
    verdict: "bad_request",
    text: /multiple authentication credentials/i,
    explanation: "More than one credential was sent. Google wants exactly one.",
  },
  {
    verdict: "bad_request",
    words: ["OVERLOADED_CREDENTIALS"],
    explanation: "More than one credential was sent. Google wants exactly one.",
  },
  {
    verdict: "invalid_key",
    words: ["API_KEY_EXPIRED"],
    explanation: "The key has expired. Create a new one.",
    link: "keys",
  },
  {
    verdict: "invalid_key",
    status: [400, 401, 403],
    text: /api key expired/i,
    explanation: "The key has expired. Create a new one.",
    link: "keys",
  },
  { verdict: "invalid_key", words: ["API_KEY_INVALID"], link: "keys" },
  { verdict: "invalid_key", status: [400, 401, 403], text: /api key not (?:valid|found)/i, link: "keys" },
  {
    verdict: "scope_missing",
    words: ["SERVICE_DISABLED"],
    explanation:
      "The Generative Language API is switched off in the key's project (SERVICE_DISABLED). Enable it.",
    link: "keys",
  },
  {
    verdict: "scope_missing",
    words: ["API_KEY_SERVICE_BLOCKED"],
    explanation: "The key's restrictions do not allow the Generative Language API (API_KEY_SERVICE_BLOCKED).",
    link: "keys",
  },
  {
    verdict: "scope_missing",
    words: ["API_KEY_HTTP_REFERRER_BLOCKED", "API_KEY_ANDROID_APP_BLOCKED", "API_KEY_IOS_APP_BLOCKED"],
    explanation: "The key is restricted to certain web sites or apps. Use a key without that restriction.",
    link: "keys",
  },
  {
    verdict: "scope_missing",
    words: ["CONSUMER_SUSPENDED"],
    explanation: "The key's project is suspended (CONSUMER_SUSPENDED). Contact Google.",
  },
  { verdict: "scope_missing", status: 403, link: "keys" },
  { verdict: "model_not_available", status: 404, text: /models?\b/i },
  { verdict: "wrong_endpoint", status: 404 },
  { verdict: "invalid_key", status: 401, link: "keys" },
];

/** For errors inside streams that give a status word but no number. */
export const GOOGLE_STATUS_OF_WORD: Readonly<Record<string, number>> = {
  INVALID_ARGUMENT: 400,
  FAILED_PRECONDITION: 400,
  UNAUTHENTICATED: 401,
  PERMISSION_DENIED: 403,
  NOT_FOUND: 404,
  RESOURCE_EXHAUSTED: 429,
  INTERNAL: 500,
  UNAVAILABLE: 503,
  DEADLINE_EXCEEDED: 504,
};

/** Names of the quotas that ran out, from `QuotaFailure`; they tell a minute's limit from a day's. */
function quotaIds({ error }: ErrorFacts): string[] {
  return objectsAt(error, "details")
    .flatMap((detail) => objectsAt(detail, "violations"))
    .map((violation) => violation["quotaId"])
    .filter((id) => typeof id === "string");
}
