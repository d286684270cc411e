export * from "./caller.ts";
export * from "./perform.ts";
export * from "./row-sealer.ts";
export * from "./virtual-key.ts";
