export * from "./detect.ts";
export * from "./key-variables.ts";
export type { Machine } from "./machine.ts";
export { TOOLS, type ToolPlaces } from "./places.ts";
