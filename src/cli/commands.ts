import { registerAudit } from "./audit.ts";
import { registerBackup } from "./backup.ts";
import { registerCompletion } from "./completion.ts";
import { registerConfig } from "./config.ts";
import { registerConnections } from "./connections.ts";
import type { Register } from "./register.ts";
import { registerGuard } from "./guard.ts";
import { registerKeys } from "./keys.ts";
import { registerLock } from "./lock.ts";
import { registerModels } from "./models.ts";
import { registerPrices } from "./prices.ts";
import { registerRequests } from "./requests.ts";
import { registerScan } from "./scan.ts";
import { registerService } from "./service.ts";
import { registerSlots } from "./slots.ts";
import { registerToken } from "./token.ts";
import { registerUp } from "./up.ts";
import { registerUsage } from "./usage.ts";
import { registerVirtualKeys } from "./virtual-keys.ts";

/** In the order of the help text: what a new user needs first stands first. */
export const COMMANDS: readonly Register[] = [
  registerUp,
  registerScan,
  registerGuard,
  registerKeys,
  registerConnections,
  registerVirtualKeys,
  registerToken,
  registerUsage,
  registerRequests,
  registerModels,
  registerPrices,
  registerLock,
  registerSlots,
  registerBackup,
  registerAudit,
  registerConfig,
  registerService,
  registerCompletion,
];
