import { dirname } from "node:path";
import { existsSync } from "node:fs";
import { type Check, ok, skip } from "../check.ts";
import type { MachineContext } from "../machine-context.ts";

const FAIL_BYTES = 64 * 1024 * 1024;
const WARN_BYTES = 1024 * 1024 * 1024;

/** What cannot be recorded is not forwarded, so a full disk stops the gateway. */
export function diskCheck({ home, freeBytes }: MachineContext): Check {
  return {
    id: "machine.disk",
    title: "disk",
    group: "machine",
    run() {
      let place = home;
      while (!existsSync(place) && dirname(place) !== place) place = dirname(place);
      const free = freeBytes(place);
      if (free === undefined) return skip("the file system does not tell how much is free");
      const text = `${(free / 1e6).toFixed(0)} MB are free where the home is`;
      if (free >= WARN_BYTES) return ok(text);
      return {
        status: free < FAIL_BYTES ? "fail" : "warn",
        what: text,
        why: "every request is recorded before it is forwarded; on a full disk none is",
        next: "free some space, or move the home: OWNKEY_HOME",
      };
    },
  };
}
