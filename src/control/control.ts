import type { Caller, OpenSessions, Perform, ToolTokens, VirtualKeys } from "../access/index.ts";
import type { AuditLog } from "../audit/index.ts";
import type { Budgets, SeenRates, SubjectLimits } from "../budgets/index.ts";
import type { Connection, Connections, KeyTester } from "../connections/index.ts";
import type { Door } from "../door/index.ts";
import type { NetworkProbe } from "../doctor/index.ts";
import type { Clock, NewId, Secret } from "../kernel/index.ts";
import type { LedgerReader } from "../ledger/index.ts";
import type { Notifier } from "../notify/index.ts";
import type { KnownKeyIndex } from "../scan/index.ts";
import type { Store } from "../store/index.ts";
import type { Changes } from "../tools/index.ts";
import type { PriceBook, PriceFile, PriceOverrides } from "../usage/index.ts";
import type { ManagedVault } from "../vault/index.ts";
import type { ModelLists } from "./model-lists.ts";
import type { SigningSecrets } from "./signing-secrets.ts";

/** What there is without opening the home. */
export interface OfflineControl {
  readonly home: string;
  readonly clock: Clock;
  /** Newest schema that this program knows. */
  readonly schemaVersion: number;
  readonly settings: SettingsView;
  readonly keyTester: KeyTester;
  /** For the scanner; `undefined` when there is no vault. Never makes one, and asks nobody. */
  readonly vaultKeys?: () => Promise<VaultKeys | undefined>;
}

/** The vault's keys to look for, or why they cannot be looked for. */
export interface VaultKeys {
  /** To be closed after use. */
  readonly index?: KnownKeyIndex;
  readonly problem?: string;
  /** By the names that findings have, `connection/key`. */
  readonly values?: ReadonlyMap<string, Secret>;
  /** Absent where they cannot be read. */
  readonly connections?: readonly Connection[];
}

/** What operations work on: the domains' services, built and wired by app.ts. */
export interface Control extends OfflineControl {
  readonly store: Store;
  readonly audit: AuditLog;
  readonly perform: Perform;
  readonly vault: ManagedVault;
  readonly connections: Connections;
  readonly virtualKeys: VirtualKeys;
  readonly budgets: Budgets;
  /** Rate limits of others than virtual keys, which have their own. */
  readonly limits: SubjectLimits;
  readonly toolTokens: ToolTokens;
  readonly notifier: Notifier;
  readonly signingSecrets: SigningSecrets;
  /** Of programs that `ownkey run` has started. */
  readonly sessions: OpenSessions;
  readonly ledgers: LedgerReader;
  readonly prices: PriceBook;
  readonly priceOverrides: PriceOverrides;
  readonly priceFile: PriceFile;
  readonly modelLists: ModelLists;
  readonly newId: NewId;
  /** Changes to files of tools, with what undoing them needs, done and recorded for this caller. */
  changesFor(caller: Caller): Promise<Changes>;
  /** Looks how far the way to a provider goes, for the doctor. */
  readonly network: NetworkProbe;
  /** What only the running program knows. */
  readonly running: RunningProgram | undefined;
}

export interface RunningProgram {
  readonly url: string;
  readonly ui: string;
  readonly pid: number;
  /** The gateway processes: this one, or those beside it. */
  gateways(): Promise<GatewayView[]>;
  /** The one way in from outside this machine. */
  readonly door?: Door;
  /** What providers told of a key that this process serves; what others serve stands in the store. */
  providerRates(keyId: string): SeenRates[];
  /** Resolves when the store knows what this program's gateways have spent of budgets, as far as it can be asked. */
  tellSpent(): Promise<void>;
  /** Begins a graceful stop; the answer is sent first. */
  stop(): void;
}

export interface GatewayView {
  /** Name of its ledger; `null` while it starts. */
  readonly instance: string | null;
  readonly pid: number | null;
  /** `ready`, why it cannot serve (`vault_locked`, …), `silent` when it does not answer, `restarting`. */
  readonly state: string;
  readonly inFlight: number;
  /** How often it ended by itself and was started again. */
  readonly restarts: number;
}

export interface SettingView {
  readonly name: string;
  readonly value: string | number | boolean | readonly string[] | null;
  readonly source: string;
  readonly default: string | number | boolean | readonly string[] | null;
  readonly variable: string | null;
  readonly needsRestart: boolean;
  readonly help: string;
}

/** Settings as config.ts declares and reads them. */
export interface SettingsView {
  list(): readonly SettingView[];
  /** What is wrong in file and environment, in words; the defaults stand in the list instead. */
  readonly problems: readonly string[];
  /** The value from the next start on, as the file is now; `undefined` when nothing can be told from it. */
  fromNextStart(name: string): SettingView["value"] | undefined;
  /**
   * Writes one to the file; `undefined` brings the default back, and takes out what is no setting. Gives what is in
   * force from the next start.
   */
  set(name: string, text: string | undefined): SettingView;
}
