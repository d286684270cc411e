/**
 * The schema, step by step. To add a step: write `NNN-name.ts` exporting a {@link Migration}, then one import line
 * and one line of {@link MIGRATIONS}, each in the order of the numbers.
 */
import { meta } from "./001-meta.ts";
import { audit } from "./002-audit.ts";
import { vault } from "./003-vault.ts";
import { access } from "./004-access.ts";
import { connections } from "./005-connections.ts";
import { usage } from "./006-usage.ts";
import { gateway } from "./007-gateway.ts";
import { budgets } from "./008-budgets.ts";
import { rates } from "./009-rates.ts";
import { exposure } from "./010-exposure.ts";
import { notify } from "./011-notify.ts";
import { sharedLedger } from "./012-shared-ledger.ts";
import { virtualKeyNames } from "./013-virtual-key-names.ts";
import { budgetCopies } from "./014-budget-copies.ts";
import { rateSharesLimit } from "./015-rate-shares-limit.ts";
import type { Migration } from "./migration.ts";

export type { Migration } from "./migration.ts";

export const MIGRATIONS: readonly Migration[] = [
  meta, // 1
  audit, // 2
  vault, // 3
  access, // 4
  connections, // 5
  usage, // 6
  gateway, // 7
  budgets, // 8
  rates, // 9
  exposure, // 10
  notify, // 11
  sharedLedger, // 12
  virtualKeyNames, // 13
  budgetCopies, // 14
  rateSharesLimit, // 15
];
