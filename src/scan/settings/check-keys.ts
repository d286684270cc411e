import type { Finding } from "../finding.ts";
import type { KeyPlace } from "./key-place.ts";
import { checkPublished } from "./published.ts";
import { checkShared } from "./shared.ts";
import { checkSynced } from "./synced.ts";
import { checkTracked } from "./tracked.ts";
import { checkPermissions } from "./wide-permissions.ts";

/** Everything wrong about where keys lie; what is only information is no key. Looks at files and asks git. */
export function checkKeys(keys: readonly KeyPlace[]): Finding[] {
  const secrets = keys.filter(({ finding }) => finding.severity !== "info");
  return [
    ...checkPermissions(secrets),
    ...checkSynced(secrets),
    ...checkTracked(secrets),
    ...checkPublished(secrets),
    ...checkShared(secrets),
  ];
}
