import {
  AppError,
  canonicalJson,
  fromBase64Url,
  numberAt,
  parseJson,
  type Randomness,
  type Secret,
  stringAt,
  toBase64Url,
  utf8,
} from "../../kernel/index.ts";
import { type Argon2Cost, argon2id } from "../primitives.ts";

/** About 0.3 s on one core of a small machine; each guess costs an attacker the same memory. */
export const DEFAULT_COST: Argon2Cost = { memoryKib: 128 * 1024, passes: 3, lanes: 4 };

/** Nothing weaker is made or opened: a stored cost below it did not come from Ownkey. */
export const LEAST_COST: Argon2Cost = { memoryKib: 64 * 1024, passes: 3, lanes: 1 };
/** Nothing heavier is tried: a damaged row must not take all memory or an hour. */
const MOST_COST: Argon2Cost = { memoryKib: 1024 * 1024, passes: 16, lanes: 16 };

const SALT_BYTES = 32;

/** Parameters of a new passphrase slot, with a fresh salt. @throws AppError `invalid_input` for a cost out of bounds. */
export function passphraseParameters(cost: Argon2Cost, randomness: Randomness): string {
  if (!isSane(cost)) {
    throw new AppError("invalid_input", `Argon2id with ${costText(cost)} is out of bounds`, {
      hint: `choose at least ${costText(LEAST_COST)} and at most ${costText(MOST_COST)}`,
    });
  }
  return canonicalJson({ kdf: "argon2id", salt: toBase64Url(randomness(SALT_BYTES)), ...cost });
}

/** @throws AppError `corrupt` when the stored parameters are not such as {@link passphraseParameters} makes. */
export async function passphraseKey(passphrase: Secret, parameters: string): Promise<Uint8Array> {
  const stored = parseJson(parameters);
  const salt = fromBase64Url(stringAt(stored, "salt") ?? "");
  const cost = {
    memoryKib: numberAt(stored, "memoryKib") ?? 0,
    passes: numberAt(stored, "passes") ?? 0,
    lanes: numberAt(stored, "lanes") ?? 0,
  };
  if (stringAt(stored, "kdf") !== "argon2id" || salt?.length !== SALT_BYTES || !isSane(cost)) {
    throw new AppError("corrupt", "the parameters of the passphrase slot are damaged", {
      hint: "unlock with the recovery code, or restore a backup with: ownkey backup restore FILE",
    });
  }
  // RFC 8265 4.2.2: the same passphrase typed on two systems may come composed or not.
  return await argon2id(utf8(passphrase.reveal().normalize("NFC")), salt, cost);
}

function isSane(cost: Argon2Cost): boolean {
  return (["memoryKib", "passes", "lanes"] as const).every(
    (part) =>
      Number.isSafeInteger(cost[part]) && cost[part] >= LEAST_COST[part] && cost[part] <= MOST_COST[part],
  );
}

function costText(cost: Argon2Cost): string {
  return `${cost.memoryKib} KiB, ${cost.passes} passes and ${cost.lanes} lanes`;
}
