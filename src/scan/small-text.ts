import { readSmallFile } from "../files/index.ts";

/** What is larger is no file of settings. */
const LARGEST_BYTES = 2 * 1024 * 1024;

/** The text of a settings file, whoever has written it; `undefined` when it cannot be read or is none. */
export function smallText(path: string): string | undefined {
  const bytes = readSmallFile(path, LARGEST_BYTES);
  return bytes && Buffer.from(bytes).toString("utf8");
}
