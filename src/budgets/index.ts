export type { BoundRequest } from "./bounds/request.ts";
export type { Bounded, BoundResult, CacheWrites, OutputBound, Unbounded } from "./bounds/result.ts";
