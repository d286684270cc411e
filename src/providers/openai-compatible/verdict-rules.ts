import { OPENAI_RULES } from "../openai-wire/verdict-rules.ts";
import type { VerdictRule } from "../verdict-rules.ts";

/** What compatible servers say in their own words, then what they copy from OpenAI. */
export const COMPATIBLE_RULES: readonly VerdictRule[] = [
  { verdict: "quota_exhausted", status: 402, link: "billing" },
  {
    verdict: "quota_exhausted",
    status: [400, 403, 429],
    text: /insufficient (?:balance|credits|funds|quota)|(?:run out of|no remaining|used all available) credits/i,
    link: "billing",
  },
  ...OPENAI_RULES,
  {
    verdict: "invalid_key",
    status: [400, 403],
    text: /(?:invalid|incorrect|unknown) api[ -]?key/i,
    link: "keys",
  },
  {
    verdict: "model_not_available",
    status: [400, 404],
    text: /\bmodel\b.{0,200}(?:not found|does not exist|not available|decommissioned|not a valid model)|not a valid model id/i,
  },
];
