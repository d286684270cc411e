export * from "./entry.ts";
export * from "./log.ts";
