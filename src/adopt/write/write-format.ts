import type { KeyFormatName } from "../read/read-format.ts";
import { writeCursorSettings } from "./write-cursor.ts";
import { dotenvLine, shellLine, writeVariables } from "./write-variables.ts";
import type { WrittenKey, WrittenText } from "./written-key.ts";

/** Keys in one of the formats that `readFormat` reads; `env` as commands for a shell. */
export function writeFormat(format: KeyFormatName, keys: readonly WrittenKey[]): WrittenText {
  return writers[format](keys);
}

const writers: Readonly<Record<KeyFormatName, (keys: readonly WrittenKey[]) => WrittenText>> = {
  cursor: writeCursorSettings,
  env: (keys) => writeVariables(keys, shellLine),
  dotenv: (keys) => writeVariables(keys, dotenvLine),
};
