import type { Check } from "./check.ts";
import { certificateCheck } from "./machine/certificate-check.ts";
import { diskCheck } from "./machine/disk-check.ts";
import { keyVariableCheck } from "./machine/key-variable-check.ts";
import { keychainCheck } from "./machine/keychain-check.ts";
import { leftOverCheck } from "./machine/left-over-check.ts";
import { permissionCheck } from "./machine/permission-check.ts";
import { programChecks } from "./machine/program-checks.ts";
import { proxyCheck } from "./machine/proxy-check.ts";
import { serviceCheck } from "./machine/service-check.ts";
import { settingsCheck } from "./machine/settings-check.ts";
import { toolChecks } from "./machine/tool-checks.ts";
import type { MachineContext } from "./machine-context.ts";

/** Everything that can be looked at without opening the home. */
export function machineChecks(context: MachineContext): Check[] {
  return [
    settingsCheck(context),
    permissionCheck(context),
    leftOverCheck(context),
    diskCheck(context),
    keychainCheck(context),
    proxyCheck(context),
    keyVariableCheck(context),
    ...programChecks(context),
    certificateCheck(context),
    serviceCheck(context),
    ...toolChecks(context),
  ];
}
