export * from "./instances.ts";
export * from "./ledger.ts";
export * from "./open.ts";
export * from "./reader.ts";
export * from "./totals.ts";
