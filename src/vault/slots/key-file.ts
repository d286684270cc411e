/**
 * `unlock-<slot>.key` in the home: one line, `ownkey-key-file-1 <32 random bytes, base64url>`. It opens the vault for
 * whoever can read it.
 */
import { existsSync, readFileSync, rmSync } from "node:fs";
import { dirname, join } from "node:path";
import { assertPrivate, createDurable, syncDir } from "../../files/index.ts";
import { AppError, fromBase64Url, toBase64Url } from "../../kernel/index.ts";
import { KEY_BYTES } from "../primitives.ts";
import { damaged } from "../refusals.ts";

const HEAD = "ownkey-key-file-1";

/** @throws AppError `corrupt` for an id that Ownkey has not made: it came from a changed database. */
export function keyFilePath(home: string, slotId: string): string {
  if (!/^slot_[0-9a-z]+$/.test(slotId)) throw damaged("the id of an unlock slot is damaged");
  return join(home, `unlock-${slotId}.key`);
}

/**
 * Durable before it returns, for the owner only; never replaces a file.
 * @throws AppError `storage_full`, or `store_unavailable` when the file cannot be made.
 */
export function createKeyFile(home: string, slotId: string, slotKey: Uint8Array): void {
  const path = keyFilePath(home, slotId);
  try {
    createDurable(path, `${HEAD} ${toBase64Url(slotKey)}\n`);
  } catch (error) {
    const code = error instanceof Error && "code" in error ? String(error.code) : "unknown";
    if (code !== "EEXIST") rmSync(path, { force: true });
    throw fileError(path, code, error);
  }
}

function fileError(path: string, code: string, cause: unknown): AppError {
  if (code === "ENOSPC" || code === "EDQUOT") {
    const hint = "free some space on that disk and try again";
    return new AppError("storage_full", `no room is left for ${path}`, { hint, retryable: true, cause });
  }
  const hint = "check that the home is a folder that you may write to";
  return new AppError("store_unavailable", `${path} cannot be made (${code})`, { hint, cause });
}

/**
 * The slot key, or `undefined` when there is no such file.
 * @throws AppError `insecure_permissions` with the command that mends it; `corrupt` when it holds something else.
 */
export function readKeyFile(home: string, slotId: string): Uint8Array | undefined {
  const path = keyFilePath(home, slotId);
  if (!existsSync(path)) return undefined;
  assertPrivate(path);
  const [head, encoded, ...rest] = readFileSync(path, "utf8").trimEnd().split(" ");
  const slotKey = fromBase64Url(encoded ?? "");
  if (head !== HEAD || slotKey?.length !== KEY_BYTES || rest.length > 0) {
    throw new AppError("corrupt", `${path} is not a key file of Ownkey, or is damaged`, {
      hint: "put the file back from a backup, or unlock with a passphrase or the recovery code: ownkey unlock",
    });
  }
  return slotKey;
}

export function removeKeyFile(home: string, slotId: string): void {
  const path = keyFilePath(home, slotId);
  rmSync(path, { force: true });
  syncDir(dirname(path));
}
