import { readFileSync } from "node:fs";
import type { Caller } from "../access/index.ts";
import type { App } from "../app.ts";
import type { Config } from "../config.ts";
import { assertPrivate } from "../files/index.ts";
import { AppError, Secret, withoutLineEnd } from "../kernel/index.ts";

/** Unlocks with the configured passphrase file; false when the vault stays locked because there is none. */
export async function unlockFromFile(app: App, config: Config, caller: Caller): Promise<boolean> {
  if (!app.control.vault.locked) return true;
  if (config.passphraseFile === null) return false;
  let text: string;
  try {
    assertPrivate(config.passphraseFile);
    text = readFileSync(config.passphraseFile, "utf8");
  } catch (error) {
    if (error instanceof AppError) throw error;
    throw new AppError("not_found", "the passphrase file cannot be read", {
      hint: "check OWNKEY_PASSPHRASE_FILE and the file's permissions",
      cause: error,
    });
  }
  const passphrase = new Secret(withoutLineEnd(text));
  await app.control.vault.unlock(caller, { kind: "passphrase", passphrase });
  return true;
}
