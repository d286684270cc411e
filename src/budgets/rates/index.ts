export { Admission } from "./admission.ts";
export { GatewayRates, type GatewayRatesOptions } from "./gateway-rates.ts";
export { ProviderRates, type SeenRates } from "./provider-rates.ts";
export { type RateRequest, Rates, type RatesOptions } from "./rates.ts";
export { type RateRule, RateRules } from "./rules.ts";
export { RULE_ID_PREFIX, SubjectLimits } from "./subject-limits.ts";
export { newestOf, seenRates } from "./seen-rates.ts";
