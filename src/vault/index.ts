export { type OpenedVault, openOrCreateVault, type OpenVaultOptions } from "./first-start.ts";
export * from "./managed-vault.ts";
export type { Argon2Cost } from "./primitives.ts";
export { assertDestination } from "./secret-payload.ts";
export { type Keychain, systemKeychain } from "./slots/keychain.ts";
export type { SlotHost } from "./slots/slot-host.ts";
export type { SlotKind } from "./slots/slot.ts";
export * from "./vault.ts";
