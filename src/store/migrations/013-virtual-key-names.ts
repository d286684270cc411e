import type { Migration } from "./migration.ts";

/** Looking a virtual key up by its name costs the same however many there are, of revoked ones too. */
export const virtualKeyNames: Migration = {
  version: 13,
  name: "virtual-key-names",
  statements: ["CREATE INDEX virtual_keys_by_any_name ON virtual_keys (name, state)"],
};
