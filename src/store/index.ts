export * from "./columns.ts";
export * from "./store.ts";
