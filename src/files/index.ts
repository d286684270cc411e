export * from "./durable.ts";
export * from "./lock.ts";
export * from "./named-file.ts";
export * from "./permissions.ts";
export * from "./small-file.ts";
