export * from "./bundled-prices.ts";
export * from "./meter.ts";
export * from "./metering.ts";
export * from "./overrides.ts";
export * from "./price-book.ts";
export * from "./price-data.ts";
export * from "./pricing.ts";
