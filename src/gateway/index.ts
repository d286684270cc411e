export * from "./directory.ts";
export type { ResolveHost } from "./destination.ts";
export type { Fetch } from "./forward.ts";
export * from "./gateway.ts";
export type { Lender } from "./lent-keys.ts";
export * from "./listener.ts";
export * from "./parts.ts";
export type { StoredObject, StoredObjects } from "./stored-objects.ts";
export * from "./stored-objects-store.ts";
