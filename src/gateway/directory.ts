import {
  authenticate,
  type AuthenticateOptions,
  type Caller,
  type Perform,
  type ToolTokenVerifier,
} from "../access/index.ts";
import type { AuditLog } from "../audit/index.ts";
import type { Connection, ProviderKey } from "../connections/index.ts";
import { AppError, type Clock } from "../kernel/index.ts";
import type { Store } from "../store/index.ts";
import { LEND_ACTION, LentKeys, type LendingVault } from "./lent-keys.ts";
import type { Directory } from "./parts.ts";

/** The connections room, as the directory reads it. */
export interface ConnectionSource {
  /** Those whose row MAC holds. @throws `vault_locked`. */
  connections(): Promise<readonly Connection[]>;
  /** Keys of every state. */
  providerKeys(): Promise<readonly ProviderKey[]>;
}

/** access's VirtualKeyDirectory. */
export type VirtualKeySource = AuthenticateOptions["virtualKeys"] & {
  reloadAll(): Promise<void>;
  reload(ids: Iterable<string>): Promise<void>;
};

export interface DirectoryOptions {
  readonly store: Store;
  readonly audit: Pick<AuditLog, "list" | "head">;
  readonly virtualKeys: VirtualKeySource;
  readonly toolTokens: Pick<ToolTokenVerifier, "verify">;
  readonly connections: ConnectionSource;
  readonly vault: LendingVault & { readonly locked: boolean };
  readonly perform: Perform;
  /** This gateway process, as it stands in the audit log. */
  readonly caller: Caller;
  readonly clock: Clock;
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
  const { store, audit, virtualKeys, toolTokens, vault, clock } = options;
  const lent = new LentKeys(options);
  let connections: readonly Connection[] = [];
  let keys: ReadonlyMap<string, ProviderKey> = new Map();
  /** Size of the audit log that is taken in; `undefined` before the first time. */
  let seenEntries: number | undefined;
  let seenMark: number | undefined;
  let underWay: Promise<void> | undefined;

  const isStale = () => clock.monotonicMs() - store.confirmedAtMs() > STALE_AFTER_MS;

  function refresh(): Promise<void> | undefined {
    if (isStale()) throw stale();
    if (underWay !== undefined) return underWay.then(refresh);
    if (store.changeMark() === seenMark) return undefined;
    underWay = catchUp().finally(() => {
      underWay = undefined;
    });
    return underWay;
  }

  async function catchUp(): Promise<void> {
    // Taken before reading: what is committed meanwhile moves the mark on.
    const mark = store.changeMark();
    const { size } = await audit.head(store);
    if (seenEntries === undefined || size < seenEntries || size - seenEntries > MAX_NEWS) {
      await Promise.all([virtualKeys.reloadAll(), readConnections()]);
    } else if (size > seenEntries) {
      await takeIn(seenEntries, size - seenEntries);
    }
    seenEntries = size;
    seenMark = mark;
  }

  async function takeIn(since: number, amount: number): Promise<void> {
    const news = (await audit.list(store, { since, limit: amount })).filter(
      ({ action }) => action !== LEND_ACTION,
    );
    const subjects = new Set(news.flatMap(({ subject }) => subject ?? []));
    const keyIds = [...subjects].filter((subject) => subject.startsWith("vk_"));
    await virtualKeys.reload(keyIds);
    if (subjects.size > keyIds.length) await readConnections();
  }

  async function readConnections(): Promise<void> {
    const [allConnections, allKeys] = await Promise.all([
      options.connections.connections(),
      options.connections.providerKeys(),
    ]);
    connections = allConnections;
    keys = inUse(allKeys);
    lent.keepOnly(keys.values());
  }

  return {
    refresh,
    authenticate: (credential) => authenticate(credential, { virtualKeys, toolTokens, nowMs: clock.nowMs() }),
    connections: () => connections,
    keyOf: (connectionId) => keys.get(connectionId),
    lend: (key, url) => lent.lend(key, url),
    unready: () =>
      isStale() ? "control_stale" : vault.locked && lent.size === 0 ? "vault_locked" : undefined,
    noteCommit: () => {
      seenMark = undefined;
    },
    forgetLent: () => lent.clear(),
  };
}

/** By connection: the active inference key, the oldest where there are several. */
function inUse(keys: readonly ProviderKey[]): ReadonlyMap<string, ProviderKey> {
  const chosen = new Map<string, ProviderKey>();
  for (const key of [...keys].sort((a, b) => a.createdAtMs - b.createdAtMs)) {
    const usable = key.kind === "inference" && key.state === "active";
    if (usable && !chosen.has(key.connectionId)) chosen.set(key.connectionId, key);
  }
  return chosen;
}

function stale(): AppError {
  return new AppError("control_stale", "this gateway has lost sight of the control store", {
    hint: "it serves again by itself once the store can be reached",
    retryable: true,
  });
}
