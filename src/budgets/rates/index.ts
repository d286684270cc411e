export { Admission } from "./admission.ts";
export { type RateRequest, Rates, type RatesOptions } from "./rates.ts";
export { type RateRule, RateRules } from "./rules.ts";
