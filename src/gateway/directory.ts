import {
  authenticate,
  type AuthenticateOptions,
  type Caller,
  type ToolTokenVerifier,
} from "../access/index.ts";
import type { AuditLog } from "../audit/index.ts";
import { type Connection, type ProviderKey, servingKey } from "../connections/index.ts";
import { RULE_ID_PREFIX } from "../budgets/index.ts";
import { AppError, type Clock, type Log } from "../kernel/index.ts";
import type { Store } from "../store/index.ts";
import { LEND_ACTION, type Lender, LentKeys } from "./lent-keys.ts";
import type { Directory } from "./parts.ts";

/** The connections room's `Connections`, as the directory uses it. */
export interface ConnectionSource extends Lender {
  /** Rows whose MAC holds; keys of every state. */
  intact(): Promise<{
    connections: readonly Connection[];
    keys: readonly ProviderKey[];
    damaged: readonly string[];
  }>;
}

/** All virtual keys in memory: access's `VirtualKeyDirectory`. */
export type VirtualKeyTable = AuthenticateOptions["virtualKeys"] & {
  /** @throws `vault_locked`. */
  reloadAll(): Promise<void>;
  reload(ids: Iterable<string>): Promise<void>;
};

/** The access room's `VirtualKeys`, as the directory uses it. */
export interface VirtualKeySource {
  /** Reads all of them; none while the vault is locked. */
  directory(): Promise<VirtualKeyTable>;
}

export interface DirectoryOptions {
  readonly store: Store;
  readonly audit: Pick<AuditLog, "list" | "head">;
  readonly virtualKeys: VirtualKeySource;
  readonly toolTokens: Pick<ToolTokenVerifier, "verify">;
  readonly connections: ConnectionSource;
  /** Rate limits of others than virtual keys. */
  readonly rates?: { reload(): Promise<void> };
  /** Budgets, and models kept from them. @throws `vault_locked`: nobody is served by budgets that cannot be checked. */
  readonly budgets?: { reload(): Promise<void> };
  readonly vault: { readonly locked: boolean };
  /** This gateway process, as it stands in the audit log. */
  readonly caller: Caller;
  readonly clock: Clock;
  readonly log: Log;
}

/** The store's directory, and what `app.ts` tells it. */
export interface StoreDirectory extends Directory {
  /** This process has committed: the store's change mark tells of others only. */
  noteCommit(): void;
  /** `ownkey lock`: ends the lending of all keys at once. */
  forgetLent(): void;
}

/** A node without a confirmed change sequence for this long serves nobody: a revocation might have passed it by. */
export const STALE_AFTER_MS = 15_000;

/** More news than this at once, and everything is read anew. */
const MAX_NEWS = 500;

/**
 * The directory on the control store: all virtual keys, connections and key records in memory, brought up to date
 * from the audit log whenever the change mark has moved.
 */
export function createDirectory(options: DirectoryOptions): StoreDirectory {
  const { store, audit, toolTokens, vault, clock } = options;
  const lent = new LentKeys(options.connections, options.caller);
  /** `undefined` until the vault was open for the first time. */
  let virtualKeys: VirtualKeyTable | undefined;
  let connections: readonly Connection[] = [];
  let keys: ReadonlyMap<string, ProviderKey> = new Map();
  /** Size of the audit log that is taken in. */
  let seenEntries = 0;
  let seenMark: number | undefined;
  let commits = 0;
  let seenCommits = 0;
  let underWay: Promise<void> | undefined;
  /** Asked of the store once in a turn of the event loop, for all requests that came in together. */
  let markOfTurn: number | undefined;

  const isStale = () => clock.monotonicMs() - store.confirmedAtMs() > STALE_AFTER_MS;

  function refresh(): Promise<void> | undefined {
    if (isStale()) throw stale();
    if (underWay !== undefined) return underWay.then(refresh);
    if (commits === seenCommits && currentMark() === seenMark) return undefined;
    underWay = catchUp().finally(() => {
      underWay = undefined;
    });
    return underWay;
  }

  function currentMark(): number {
    if (markOfTurn === undefined) {
      markOfTurn = store.changeMark();
      setImmediate(() => {
        markOfTurn = undefined;
      });
    }
    return markOfTurn;
  }

  async function catchUp(): Promise<void> {
    // Taken before reading: what is committed meanwhile moves the mark on.
    const mark = store.changeMark();
    const ownCommits = commits;
    const { size } = await audit.head(store);
    if (virtualKeys === undefined || size < seenEntries || size - seenEntries > MAX_NEWS) {
      const all = await options.virtualKeys.directory();
      // An empty table would turn everybody away as unknown: what is true is that nobody can be known.
      if (vault.locked) await all.reloadAll();
      await readConnections();
      await options.rates?.reload();
      await options.budgets?.reload();
      virtualKeys = all;
    } else if (size > seenEntries) {
      await takeIn(virtualKeys, await newsSince(size));
    }
    seenEntries = size;
    seenMark = mark;
    seenCommits = ownCommits;
  }

  async function newsSince(size: number): Promise<readonly string[]> {
    const entries = await audit.list(store, { since: seenEntries, limit: size - seenEntries });
    return entries.filter(({ action }) => action !== LEND_ACTION).flatMap(({ subject }) => subject ?? []);
  }

  async function takeIn(table: VirtualKeyTable, subjects: readonly string[]): Promise<void> {
    const keyIds = new Set(subjects.filter((subject) => subject.startsWith("vk_")));
    await table.reload(keyIds);
    const others = subjects.filter((subject) => !keyIds.has(subject));
    if (others.length === 0) return;
    if (others.some((subject) => subject.startsWith(RULE_ID_PREFIX))) await options.rates?.reload();
    await options.budgets?.reload();
    await readConnections();
  }

  async function readConnections(): Promise<void> {
    const sound = await options.connections.intact();
    if (sound.damaged.length > 0) options.log.error("directory.damaged_rows", { ids: sound.damaged });
    connections = sound.connections;
    keys = inUse(sound.keys);
    lent.keepOnly(keys.values());
  }

  return {
    refresh,
    authenticate(credential) {
      if (virtualKeys === undefined) return { refused: "unknown" };
      return authenticate(credential, { virtualKeys, toolTokens, nowMs: clock.nowMs() });
    },
    connections: () => connections,
    keyOf: (connectionId) => keys.get(connectionId),
    lend: (key, url) => lent.lend(key, url),
    unready: () =>
      isStale() ? "control_stale" : vault.locked && lent.size === 0 ? "vault_locked" : undefined,
    noteCommit: () => {
      commits++;
    },
    forgetLent: () => lent.clear(),
  };
}

/** By connection: the key that serves it. */
function inUse(keys: readonly ProviderKey[]): ReadonlyMap<string, ProviderKey> {
  const byConnection = Map.groupBy(keys, ({ connectionId }) => connectionId);
  const serving = [...byConnection.values()].flatMap((own) => servingKey(own) ?? []);
  return new Map(serving.map((key) => [key.connectionId, key]));
}

function stale(): AppError {
  return new AppError("control_stale", "this gateway has lost sight of the control store", {
    hint: "it serves again by itself once the store can be reached",
    retryable: true,
  });
}
