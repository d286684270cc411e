export * from "./declaration.ts";
export * from "./file.ts";
export * from "./table.ts";
export * from "./value.ts";
