export * from "./connection.ts";
export { Connections } from "./connections.ts";
export type { ConnectionsOptions } from "./provider-keys.ts";
export { connectionToJoin, joinSettings } from "./matching.ts";
export { dueAtMs, ROTATION_DAYS } from "./due.ts";
export type { AddedKey, ConnectionChanges, NewKey, ReplacedValue } from "./new-key.ts";
export { servingKey } from "./serving.ts";
export { type Fetch, KeyTester, type KeyTest, type KeyTesterOptions, type TestResult } from "./test-key.ts";
export { type ListedModel, modelsIn } from "./listed-models.ts";
