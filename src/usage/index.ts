export * from "./meter.ts";
export * from "./metering.ts";
export * from "./pricing.ts";
