export * from "./metering.ts";
export * from "./pricing.ts";
