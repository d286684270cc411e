import { type Check, ok, skip } from "../check.ts";
import type { MachineContext } from "../machine-context.ts";

/** Always optional; asking for an item that is not there shows whether there is one to ask, and asks nobody. */
export function keychainCheck({ keychain, platform }: MachineContext): Check {
  return {
    id: "machine.keychain",
    title: "keychain",
    group: "machine",
    limitMs: 5_000,
    async run() {
      if (!keychain) return skip("none is used here");
      try {
        await keychain.get("doctor/none");
        return ok("the system's keychain answers");
      } catch {
        return skip(
          platform === "linux"
            ? "there is no keychain in this session (no desktop); the vault opens by its other slots"
            : "the system's keychain does not answer; the vault opens by its other slots",
          "ownkey slots list",
        );
      }
    },
  };
}
