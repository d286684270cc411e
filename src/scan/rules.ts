import type { Rule } from "./rule.ts";
import { AI_SERVICE_RULES } from "./rules/ai-services.ts";
import { BUSINESS_SERVICE_RULES } from "./rules/business-services.ts";
import { CLOUD_RULES } from "./rules/clouds.ts";
import { CODE_HOST_RULES } from "./rules/code-hosts.ts";
import { NAMED_VALUE_RULES } from "./rules/named-values.ts";
import { PROVIDER_RULES } from "./rules/providers.ts";
import { TOKEN_RULES } from "./rules/tokens.ts";

/** Every rule; where several fit at one place, the longest mark wins, then the first in this order. */
export const RULES: readonly Rule[] = [
  ...PROVIDER_RULES,
  ...AI_SERVICE_RULES,
  ...CODE_HOST_RULES,
  ...CLOUD_RULES,
  ...BUSINESS_SERVICE_RULES,
  ...TOKEN_RULES,
  ...NAMED_VALUE_RULES,
];
