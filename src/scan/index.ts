export * from "./baseline.ts";
export * from "./finding.ts";
export * from "./known-keys.ts";
export * from "./notice.ts";
export * from "./origin.ts";
export * from "./rule.ts";
export * from "./scan-options.ts";
export * from "./source.ts";
