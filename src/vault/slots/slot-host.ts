import type { NewId, Clock, Randomness } from "../../kernel/index.ts";
import type { Keychain } from "./keychain.ts";

/** Where slots keep what opens them, and what new ones are made from. */
export interface SlotHost {
  /** `OWNKEY_HOME`: key files are there. */
  readonly home: string;
  /** `undefined` where the keychain is not to be used. */
  readonly keychain: Keychain | undefined;
  readonly clock: Clock;
  readonly randomness: Randomness;
  readonly newId: NewId;
}
