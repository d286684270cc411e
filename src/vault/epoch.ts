/**
 * What a home remembers of the audit log, as one line of JSON in the file `epoch` and in the keychain:
 *
 *     {"format":1,"protectedSum":"<64 hex>","root":"<64 hex>","size":12,"vault":"vault_…"}
 */
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import type { AuditHead } from "../audit/index.ts";
import { canonicalJson, fromHex, numberAt, parseJson, stringAt, toHex } from "../kernel/index.ts";

export interface Epoch extends AuditHead {
  readonly vault: string;
}

const FORMAT = 1;
const HASH_BYTES = 32;

export const epochPath = (home: string): string => join(home, "epoch");

/** `undefined` when there is no file, `damaged` when it holds something else. */
export function readEpochFile(home: string): Epoch | "damaged" | undefined {
  const path = epochPath(home);
  if (!existsSync(path)) return undefined;
  return decodeEpoch(readFileSync(path, "utf8")) ?? "damaged";
}

export function encodeEpoch({ vault, size, root, protectedSum }: Epoch): string {
  const hashes = { root: toHex(root), protectedSum: toHex(protectedSum) };
  return `${canonicalJson({ format: FORMAT, vault, size, ...hashes })}\n`;
}

/** `undefined` for anything that {@link encodeEpoch} does not write. */
export function decodeEpoch(text: string): Epoch | undefined {
  const document = parseJson(text);
  const vault = stringAt(document, "vault");
  const size = numberAt(document, "size");
  const root = fromHex(stringAt(document, "root") ?? "");
  const protectedSum = fromHex(stringAt(document, "protectedSum") ?? "");
  if (numberAt(document, "format") !== FORMAT || vault === undefined || size === undefined) return undefined;
  if (!Number.isSafeInteger(size) || size < 0) return undefined;
  if (root?.length !== HASH_BYTES || protectedSum?.length !== HASH_BYTES) return undefined;
  return { vault, size, root, protectedSum };
}
