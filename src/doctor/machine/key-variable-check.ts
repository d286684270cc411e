import { PROVIDERS } from "../../providers/index.ts";
import { type Check, ok } from "../check.ts";
import type { MachineContext } from "../machine-context.ts";

/** Keys in the environment: every program that is started sees them, and they win over what tools have been told. */
export function keyVariableCheck({ environment }: MachineContext): Check {
  return {
    id: "machine.key-variables",
    title: "keys in variables",
    group: "machine",
    run() {
      const names = [...new Set(PROVIDERS.flatMap(({ keyVariables }) => keyVariables))];
      const found = names.filter((name) => {
        const value = environment[name]?.trim() ?? "";
        return value !== "" && !value.startsWith("sk-ownkey-") && !value.startsWith("ownkey://");
      });
      if (found.length === 0) return ok("no provider key is in the environment of this session");
      return {
        status: "warn",
        what: `${found.join(", ")} ${found.length === 1 ? "holds" : "hold"} a key that is not Ownkey's`,
        why: "every program started here can read it, and most tools prefer it to what they were set up with",
        next: "ownkey adopt takes keys in; ownkey run -- PROGRAM gives a program its variables for as long as it runs",
      };
    },
  };
}
