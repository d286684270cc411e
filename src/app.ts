/**
 * The composition root: builds every part in dependency order and closes them in reverse. Nothing else in the program
 * makes a service, and no service finds another one by itself.
 */
import { existsSync, readFileSync } from "node:fs";
import { lookup } from "node:dns/promises";
import { join } from "node:path";
import {
  type Caller,
  createPerform,
  OpenSessions,
  type Perform,
  ToolTokens,
  VirtualKeys,
} from "./access/index.ts";
import { type AuditLog, createAuditLog, createReserve, type Reserve, withReserve } from "./audit/index.ts";
import { finishRestore, readRestored } from "./backup/index.ts";
import { Budgets, openState, originOf, SubjectLimits } from "./budgets/index.ts";
import type { Config } from "./config.ts";
import { Connections, KeyTester } from "./connections/index.ts";
import {
  type Control,
  ModelLists,
  type OfflineControl,
  SigningSecrets,
  webhookPost,
} from "./control/index.ts";
import { createNetworkProbe } from "./doctor/network.ts";
import {
  createOutboundFetch,
  type Fetch,
  type OutboundFetch,
  proxiedFetch,
  type ResolveHost,
} from "./gateway/index.ts";
import { assertPrivateIfPresent, ensurePrivateDir, writeDurable } from "./files/index.ts";
import {
  type Clock,
  coalesced,
  Closing,
  idMaker,
  type Log,
  type NewId,
  type Randomness,
  systemClock,
  systemRandomness,
} from "./kernel/index.ts";
import { openLedgerReader } from "./ledger/index.ts";
import { type Channel, commandChannel, Notifier, webhookChannel } from "./notify/index.ts";
import { settingsView } from "./settings-view.ts";
import { hasStore, MIGRATIONS, openMemoryStore, openStore, type Store, textOf } from "./store/index.ts";
import {
  bundledPrices,
  createPriceBook,
  loadPrices,
  type PriceFile,
  PriceOverrides,
  sharedLedgers,
} from "./usage/index.ts";
import {
  Anchor,
  type HandedKey,
  type Keychain,
  type ManagedVault,
  noVault,
  openOrCreateVault,
  readVaultRow,
  remembersVault,
  systemKeychain,
} from "./vault/index.ts";

/** What tests replace. */
export interface Seams {
  readonly clock: Clock;
  readonly randomness: Randomness;
  readonly fetch: typeof fetch;
  readonly resolveHost: ResolveHost;
  readonly keychain: Keychain | undefined;
}

export const SYSTEM_SEAMS: Seams = {
  clock: systemClock,
  randomness: systemRandomness,
  fetch,
  resolveHost: async (host) => (await lookup(host, { all: true })).map(({ address }) => address),
  keychain: systemKeychain,
};

export interface OpenAppOptions {
  /** `worker` keeps SQLite's waiting away from streams; `inline` starts faster. */
  readonly storeMode: "worker" | "inline";
  readonly caller: Caller;
  readonly log: Log;
  readonly seams?: Seams;
  /** Size of the audit log at which an older database is accepted. */
  readonly acceptEpoch?: number;
  /** For a gateway process beside the program: the vault key that it was handed, `null` while the vault is locked. */
  readonly handed?: HandedKey | null;
}

export interface App {
  readonly control: Control;
  readonly perform: Perform;
  readonly newId: NewId;
  readonly seams: Seams;
  /** Calls `listener` after each audited commit of this process. */
  onCommit(listener: () => void): void;
  /** Disk space kept back for revoking on a full disk. */
  readonly reserve: Reserve;
  /** Set on the first start: what protects the new vault and what does not. */
  readonly statement: string | undefined;
  close(): Promise<void>;
}

/** What there is without opening the home. */
export function offlineControl(config: Config, seams = SYSTEM_SEAMS): OfflineControl {
  return {
    home: config.home,
    clock: seams.clock,
    schemaVersion: Math.max(...MIGRATIONS.map((migration) => migration.version)),
    settings: settingsView(config),
    keyTester: new KeyTester({
      fetch: createOutboundFetch({
        fetch: fetchOut(config, seams),
        resolveHost: seams.resolveHost,
        clock: seams.clock,
      }),
      clock: seams.clock,
      limitMs: config.testSeconds * 1000,
    }),
  };
}

/**
 * Opens the home, and makes it when there is none. The vault is unlocked if that needs nobody.
 * @throws AppError `insecure_permissions`, `newer_format`, `rolled_back`, `no_usable_slot`, `corrupt`, …: nothing is
 *   changed then.
 */
export async function openApp(config: Config, options: OpenAppOptions): Promise<App> {
  const { caller, seams = SYSTEM_SEAMS } = options;
  const { clock, randomness } = seams;
  const newId = idMaker(clock, randomness);
  const closing = new Closing();
  try {
    finishRestore(config.home);
    ensurePrivateDir(config.home);
    const restored = readRestored(config.home);

    const store = await openStoreOf(config, options);
    closing.add(() => store.close());
    const audit = createAuditLog({ clock });
    let anchor = await checkedAnchor(config, options, { store, audit, restored: restored !== undefined });
    const commitListeners = new Set<() => void>();
    // Behind the answer: the anchor may lag by what a crash takes, and two flushes to disk are most of a small change.
    const anchoring = coalesced(async () => {
      try {
        await anchor?.advance(await audit.head(store));
      } catch (error) {
        options.log.warn("anchor.behind", { error });
      }
    });
    closing.add(() => anchoring.done());
    const reserve = createReserve(join(config.home, "reserve"));
    const perform = withReserveFor(
      reserve,
      createPerform({
        store,
        audit,
        afterCommit: () => {
          for (const listener of commitListeners) listener();
          anchoring.ask();
        },
      }),
    );
    const { vault, statement } = await openOrCreateVault({
      store,
      audit,
      perform,
      caller,
      clock,
      randomness,
      newId,
      home: config.home,
      keychain: seams.keychain,
      acceptEpoch: restored ? (await audit.head(store)).size : options.acceptEpoch,
      ...(options.handed === undefined ? {} : { handed: options.handed }),
    });
    anchor ??= createAnchor(config, options, vault.id);
    await anchor.advance(await audit.head(store));
    await openBudgets(config, options, { store, restoredAtMs: restored?.restoredAtMs });
    const control = await controlOf(config, options, { store, audit, perform, vault, newId, closing });
    return {
      control,
      perform,
      newId,
      seams,
      statement,
      reserve,
      onCommit: (listener) => void commitListeners.add(listener),
      close: () => closing.close(),
    };
  } catch (error) {
    return await closing.closeAfter(error);
  }
}

/**
 * Whether the home was made: then it is to be opened, whatever is left of it. Makes nothing.
 * @throws AppError `insecure_permissions`, `store_unavailable`, `conflict` while a restore is running.
 */
export async function isHomeMade(
  config: Config,
  { log, seams = SYSTEM_SEAMS }: OpenAppOptions,
): Promise<boolean> {
  finishRestore(config.home);
  assertPrivateIfPresent(config.home);
  return remembersVault(config.home) || (await hasStore({ ...storePlace(config), clock: seams.clock, log }));
}

/** What there is where no home was made yet, for whoever only looks: nothing, and nothing is made. */
export async function openNoHome(
  config: Config,
  options: OpenAppOptions,
): Promise<Pick<App, "control" | "close">> {
  const { clock, randomness } = options.seams ?? SYSTEM_SEAMS;
  const newId = idMaker(clock, randomness);
  const closing = new Closing();
  try {
    const store = await openMemoryStore(clock);
    closing.add(() => store.close());
    const audit = createAuditLog({ clock });
    const perform: Perform = (_caller, { action }) =>
      Promise.reject(new TypeError(`${action} needs a home, and there is none`));
    const { home } = config;
    const vault = noVault({ store, audit, perform, clock, randomness, newId, home, keychain: undefined });
    const control = await controlOf(config, options, { store, audit, perform, vault, newId, closing });
    return { control, close: () => closing.close() };
  } catch (error) {
    return await closing.closeAfter(error);
  }
}

interface Foundation {
  readonly store: Store;
  readonly audit: AuditLog;
  readonly perform: Perform;
  readonly vault: ManagedVault;
  readonly newId: NewId;
  readonly closing: Closing;
}

/** The services, on store and vault. What has to be closed is added to `closing`. */
async function controlOf(
  config: Config,
  { log, seams = SYSTEM_SEAMS }: OpenAppOptions,
  { store, audit, perform, vault, newId, closing }: Foundation,
): Promise<Control> {
  const { clock, randomness } = seams;
  const connections = new Connections({ store, perform, vault, clock, newId });
  const virtualKeys = new VirtualKeys({ store, perform, sealer: vault, clock, randomness, newId });
  const budgets = new Budgets({ store, perform, sealer: vault, clock, newId });
  const limits = new SubjectLimits({ store, perform, sealer: vault, clock, newId });
  const toolTokens = new ToolTokens({ virtualKeys, perform, signer: vault, clock, newId });
  const ledgerDir = join(config.home, "ledger");
  const local = openLedgerReader(ledgerDir);
  const ledgers = store.engine === "postgres" ? sharedLedgers({ store, local, dir: ledgerDir }) : local;
  closing.add(() => ledgers.close());
  const outboundFetch = createOutboundFetch({
    fetch: fetchOut(config, seams),
    resolveHost: seams.resolveHost,
    clock,
  });
  const signingSecrets = new SigningSecrets({ store, perform, vault, clock, newId });
  const notifier = new Notifier({
    store,
    clock,
    log,
    newId,
    random: () => (randomness(1)[0] ?? 0) / 256,
    channels: notifyChannels(config, { fetch: outboundFetch, signingSecrets, clock }),
  });
  const priceFile = createPriceFile(config.home);
  const priceOverrides = new PriceOverrides(store);
  const prices = createPriceBook({
    snapshot: await loadPrices(priceFile, bundledPrices(), (error) => log.warn("prices.unsound", { error })),
    overrides: await priceOverrides.list(),
  });

  return {
    ...offlineControl(config, seams),
    store,
    audit,
    perform,
    vault,
    connections,
    virtualKeys,
    budgets,
    limits,
    toolTokens,
    notifier,
    signingSecrets,
    sessions: new OpenSessions(),
    ledgers,
    prices,
    priceOverrides,
    priceFile,
    modelLists: new ModelLists({ connections, fetch: outboundFetch, timeoutMs: config.testSeconds * 1000 }),
    newId,
    changesFor: async (by) => {
      // Loaded when files are changed: what reads and writes their formats would be most of a start.
      const [{ Changes }, { createUndoStore }] = await Promise.all([
        import("./tools/index.ts"),
        import("./adopt/index.ts"),
      ]);
      const undo = createUndoStore({ caller: by, perform, queries: store, vault });
      return new Changes({ store: undo, lockPath: join(config.home, "changes.lock"), clock, newId });
    },
    network: createNetworkProbe({ fetch: outboundFetch, resolveHost: seams.resolveHost, clock }),
    running: undefined,
  };
}

/** The way out to providers: through the proxy of the settings, if there is one. */
function fetchOut({ outboundProxy }: Config, { fetch }: Seams): Fetch {
  return outboundProxy === null ? fetch : proxiedFetch(fetch, outboundProxy);
}

/** The ways to tell somebody that the settings name. */
function notifyChannels(
  { notifyCommand, notifyWebhook, notifyPrivate, programEnvironment }: Config,
  given: { fetch: OutboundFetch; signingSecrets: SigningSecrets; clock: Clock },
): Channel[] {
  const { fetch, signingSecrets, clock } = given;
  const channels: Channel[] = [];
  if (notifyCommand.length > 0) {
    channels.push(commandChannel({ command: notifyCommand, environment: programEnvironment }));
  }
  if (notifyWebhook !== null) {
    const post = webhookPost(fetch, { allowPrivate: notifyPrivate });
    channels.push(
      webhookChannel({ url: notifyWebhook, post, secrets: () => signingSecrets.inForce(), clock }),
    );
  }
  return channels;
}

/** What must still be possible on a full disk, for which the reserve is kept (docs/security.md). */
const ESSENTIAL_ACTIONS: ReadonlySet<string> = new Set([
  "virtual_key.revoke",
  "virtual_key.disable",
  "token.revoke",
  "key.disable",
  "vault.lock",
]);

function withReserveFor(reserve: Reserve, perform: Perform): Perform {
  return (caller, act, work) =>
    ESSENTIAL_ACTIONS.has(act.action)
      ? withReserve(reserve, () => perform(caller, act, work))
      : perform(caller, act, work);
}

/** The rollback anchor, after it has found the database no older than what was seen here; none before the first start. */
async function checkedAnchor(
  config: Config,
  options: OpenAppOptions,
  { store, audit, restored }: { store: Store; audit: AuditLog; restored: boolean },
): Promise<Anchor | undefined> {
  const row = await readVaultRow(store);
  if (!row) return undefined;
  const anchor = createAnchor(config, options, textOf(row, "id"));
  const head = await audit.head(store);
  // A restored database is older on purpose; its virtual keys stay suspended until somebody confirms it.
  const acceptEpoch = restored ? head.size : options.acceptEpoch;
  await anchor.check(head, { queries: store, acceptEpoch });
  return anchor;
}

function createAnchor(
  config: Config,
  { log, seams = SYSTEM_SEAMS }: OpenAppOptions,
  vaultId: string,
): Anchor {
  return new Anchor({
    home: config.home,
    vaultId,
    keychain: seams.keychain,
    onError: (error) => log.warn("anchor.behind", { error }),
  });
}

/** A database that was restored or copied begins another life: what was spent since is then not known. */
async function openBudgets(
  config: Config,
  { log, seams = SYSTEM_SEAMS }: OpenAppOptions,
  { store, restoredAtMs }: { store: Store; restoredAtMs: number | undefined },
): Promise<void> {
  const { clock, randomness } = seams;
  const path = store.engine === "sqlite" ? controlPath(config) : undefined;
  const origin = originOf({ path, restoredAtMs });
  const { begun } = await openState(store, { origin, nowMs: Math.trunc(clock.nowMs()), randomness });
  if (begun) log.warn("budgets.spent_unknown", { hint: "set hard budgets again: ownkey budget list" });
}

function controlPath({ home }: Config): string {
  return join(home, "control.db");
}

function openStoreOf(
  config: Config,
  { storeMode, log, seams = SYSTEM_SEAMS }: OpenAppOptions,
): Promise<Store> {
  return openStore({ ...storePlace(config), mode: storeMode, clock: seams.clock, log });
}

function storePlace(config: Config) {
  return { path: controlPath(config), databaseUrl: config.databaseUrl ?? undefined };
}

function createPriceFile(home: string): PriceFile {
  const folder = join(home, "prices");
  const path = join(folder, "data.json");
  return {
    read: () => (existsSync(path) ? readFileSync(path, "utf8") : undefined),
    write(text) {
      ensurePrivateDir(folder);
      if (existsSync(path)) writeDurable(`${path}.previous`, readFileSync(path));
      writeDurable(path, text);
    },
  };
}
