export * from "./provider.ts";
export * from "./registry.ts";
export * from "./usage.ts";
export * from "./verdict.ts";
export { retryAfterMs } from "./retry-after.ts";
export { modelInPath } from "./route-match.ts";
