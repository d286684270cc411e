import type { AnyOperation } from "./operation.ts";
import * as audit from "./operations/audit.ts";
import * as backup from "./operations/backup.ts";
import * as config from "./operations/config.ts";
import * as connections from "./operations/connections.ts";
import * as guard from "./operations/guard.ts";
import * as keys from "./operations/keys.ts";
import * as models from "./operations/models.ts";
import * as prices from "./operations/prices.ts";
import * as program from "./operations/program.ts";
import * as requests from "./operations/requests.ts";
import * as scan from "./operations/scan.ts";
import * as slots from "./operations/slots.ts";
import * as tokens from "./operations/tokens.ts";
import * as usage from "./operations/usage.ts";
import * as vault from "./operations/vault.ts";
import * as virtualKeys from "./operations/virtual-keys.ts";

const GROUPS = [
  program,
  keys,
  connections,
  virtualKeys,
  tokens,
  usage,
  requests,
  models,
  prices,
  scan,
  guard,
  vault,
  slots,
  backup,
  audit,
  config,
];

/** Every use case of Ownkey, once. */
export const OPERATIONS: readonly AnyOperation[] = GROUPS.flatMap(
  (group) => Object.values(group) as AnyOperation[],
);
