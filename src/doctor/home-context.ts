import type { Caller, VirtualKeys } from "../access/index.ts";
import type { AuditLog } from "../audit/index.ts";
import type { Connections, KeyTester } from "../connections/index.ts";
import type { Clock } from "../kernel/index.ts";
import type { LedgerReader } from "../ledger/index.ts";
import type { Store } from "../store/index.ts";
import type { ManagedVault } from "../vault/index.ts";
import type { NetworkProbe } from "./network.ts";

/** What the checks of an opened home work with. */
export interface HomeContext {
  readonly home: string;
  readonly clock: Clock;
  readonly store: Store;
  readonly audit: AuditLog;
  readonly vault: ManagedVault;
  readonly connections: Connections;
  readonly virtualKeys: VirtualKeys;
  readonly keyTester: KeyTester;
  readonly ledgers: LedgerReader;
  readonly network: NetworkProbe;
  readonly caller: Caller;
  /** Absent where there are no budgets. */
  readonly budgets?: BudgetOutlook | undefined;
}

/** The budgets that are about to block, or do. */
export interface BudgetOutlook {
  near(): Promise<readonly BudgetNear[]>;
  /** Names of those whose rows were changed or taken away outside Ownkey: nothing is sent while there are any. */
  damaged(): Promise<readonly string[]>;
}

export interface BudgetNear {
  /** As `ownkey budget list` shows it: subject and amount. */
  readonly name: string;
  /** Settled and reserved, of the amount; 1 and more blocks. */
  readonly usedShare: number;
  /** When the period begins anew; `null` for a lifetime. */
  readonly resetsAtMs: number | null;
  readonly blocks: boolean;
}
