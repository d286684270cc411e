export { KEY_FORMATS, type KeyFormatName, readFormat } from "./read/read-format.ts";
export type { ReadKey, ReadKeys, Variables } from "./read/read-key.ts";
export { type KeyToStore, type StoredKey, storeKeys, type StoreOutcome } from "./keys/store-keys.ts";
export type { KeyIntake, TakeIn, TakenKey } from "./keys/take-in.ts";
