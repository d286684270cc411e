import type { Finding } from "../finding.ts";
import { aboutKey } from "./about-key.ts";
import { byKey, type KeyPlace, onePerFile } from "./key-place.ts";

/** Keys in files that are copied to other machines: their versions stay there, so that removing is not enough. */
export function checkSynced(keys: readonly KeyPlace[]): Finding[] {
  return [...byKey(keys).values()].flatMap((places) =>
    onePerFile(places).flatMap((key) =>
      key.place?.synced === undefined
        ? []
        : [
            aboutKey(key, {
              rule: "synced",
              severity: "high",
              title: `${key.place.synced} copy this file to other machines, where older versions of it stay`,
              fix: `take the key out of ${key.path}, then replace it at its provider: copies of it stay`,
            }),
          ],
    ),
  );
}
