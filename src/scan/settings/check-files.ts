import type { Finding } from "../finding.ts";
import { checkPlainHttp, checkProjectBaseUrls } from "./base-url.ts";
import { checkBaseUrlConflicts } from "./base-url-conflict.ts";
import { checkOutranked } from "./outranked.ts";
import type { SettingsFile } from "./settings-file.ts";
import { checkUnread } from "./unread.ts";

/** Everything wrong that shows in the files by themselves. Pure: the same files give the same findings. */
export function checkFiles(files: readonly SettingsFile[]): Finding[] {
  return [checkProjectBaseUrls, checkPlainHttp, checkBaseUrlConflicts, checkOutranked, checkUnread].flatMap(
    (check) => check(files),
  );
}
