import type { SealTo } from "./seal.ts";
import { isKeyFile } from "./contents.ts";
import type { Manifest } from "./manifest.ts";

/** One way to unlock the vault, as the vault lists it. */
export interface SlotSummary {
  /** `keychain` slots work on this machine only; every other kind works wherever its secret is. */
  readonly kind: string;
}

/** Something the owner should know about a backup that was made and is fine otherwise. */
export interface BackupWarning {
  readonly code: "opens_here_only" | "holds_key_file" | "weak_passphrase" | "skipped";
  readonly message: string;
}

const SHORT_PASSPHRASE_CHARS = 12;

export function backupWarnings(facts: {
  to: SealTo;
  slots: readonly SlotSummary[];
  manifest: Manifest;
  skipped: readonly string[];
}): BackupWarning[] {
  const warnings: BackupWarning[] = [];
  if (facts.slots.every(({ kind }) => kind === "keychain")) {
    warnings.push({
      code: "opens_here_only",
      message:
        "only this machine's keychain unlocks the vault: on another machine this backup cannot be opened. " +
        "Add a recovery code (ownkey slots add recovery-code) and back up again.",
    });
  }
  if (facts.manifest.files.some(({ name }) => isKeyFile(name))) {
    const lock = "passphrase" in facts.to ? "its passphrase" : "the recipient's identity";
    warnings.push({
      code: "holds_key_file",
      message: `the backup holds the vault's key file: ${lock} alone protects every key in it.`,
    });
  }
  if ("passphrase" in facts.to && facts.to.passphrase.lengthChars < SHORT_PASSPHRASE_CHARS) {
    warnings.push({
      code: "weak_passphrase",
      message: `the passphrase has fewer than ${SHORT_PASSPHRASE_CHARS} characters: whoever gets the file can try many.`,
    });
  }
  if (facts.skipped.length > 0) {
    warnings.push({
      code: "skipped",
      message: `not in the backup, because they are links or have unusual names: ${facts.skipped.join(", ")}`,
    });
  }
  return warnings;
}
