import { type Check, ok } from "../check.ts";
import type { MachineContext } from "../machine-context.ts";

export function settingsCheck({ settingProblems }: MachineContext): Check {
  return {
    id: "machine.settings",
    title: "settings",
    group: "machine",
    run() {
      if (settingProblems.length === 0) return ok("file and environment are sound");
      return {
        status: "fail",
        what: `${settingProblems.length === 1 ? "a setting is" : `${settingProblems.length} settings are`} wrong, so Ownkey does not start`,
        checklist: settingProblems.map((text) => ({ text, state: "cause" as const })),
        next: "ownkey config list shows all; ownkey config set NAME brings a default back",
      };
    },
  };
}
