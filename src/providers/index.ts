export * from "./provider.ts";
export * from "./usage.ts";
export * from "./verdict.ts";
