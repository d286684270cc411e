export * from "./gateway.ts";
export * from "./listener.ts";
export * from "./parts.ts";
export type { StoredObject, StoredObjects } from "./stored-objects.ts";
export type { Fetch } from "./forward.ts";
export type { ResolveHost } from "./destination.ts";
