// What the tests of this room share: a home in a temporary folder with the real store, audit log and vault.
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type Caller, createPerform, type Perform } from "../access/index.ts";
import { createAuditLog } from "../audit/index.ts";
import {
  AppError,
  type Clock,
  type ErrorCode,
  idMaker,
  type NewId,
  Secret,
  silentLog,
  systemRandomness,
} from "../kernel/index.ts";
import { normaliseSettings, resolveProviderName, type SettingsInput } from "../providers/index.ts";
import { openStore, type Store } from "../store/index.ts";
import { type ManagedVault, openOrCreateVault } from "../vault/index.ts";
import { Connections } from "./connections.ts";
import type { NewKey } from "./new-key.ts";

export const ADA: Caller = { kind: "cli", user: "ada" };
export const GATEWAY: Caller = { kind: "gateway", node: "node_1" };

export class TestClock implements Clock {
  timeMs = Date.UTC(2026, 10, 23, 10);

  nowMs(): number {
    return this.timeMs;
  }

  monotonicMs(): number {
    return this.timeMs;
  }
}

/** Shaped like a key; put together at run time. */
export function keyValue(mark: string): Secret {
  return new Secret(["sk", "proj", "a".repeat(30) + mark].join("-"));
}

export interface ConnectionsTest extends AsyncDisposable {
  readonly clock: TestClock;
  readonly store: Store;
  readonly perform: Perform;
  readonly vault: ManagedVault;
  readonly connections: Connections;
  /** The audit log as `action subject outcome`, without the vault's own start. */
  entries(): Promise<string[]>;
}

/** On SQLite, or on the PostgreSQL database that the URL names. */
export async function openConnectionsTest(databaseUrl?: string): Promise<ConnectionsTest> {
  const home = mkdtempSync(join(tmpdir(), "ownkey-connections-"));
  const clock = new TestClock();
  const store = await openStore({
    databaseUrl,
    path: join(home, "control.db"),
    mode: "inline",
    clock,
    log: silentLog,
  });
  const audit = createAuditLog({ clock });
  const perform = createPerform({ store, audit });
  const ids = idMaker(clock, systemRandomness);
  // A millisecond each, so that ids sort by creation.
  const newId: NewId = (prefix) => {
    clock.timeMs++;
    return ids(prefix);
  };
  const common = { home, store, audit, perform, clock, newId, randomness: systemRandomness };
  const { vault } = await openOrCreateVault({ ...common, keychain: undefined, caller: ADA });
  const { size: since } = await audit.head(store);
  return {
    clock,
    store,
    perform,
    vault,
    connections: new Connections({ store, perform, vault, clock, newId }),
    async entries() {
      const listed = await audit.list(store, { since, limit: 1000 });
      return listed.map(({ action, subject, outcome }) => `${action} ${subject ?? "-"} ${outcome}`);
    },
    async [Symbol.asyncDispose]() {
      await store.close();
      rmSync(home, { recursive: true, force: true });
    },
  };
}

/** A key as `keys add NAME` hands it over. */
export function newKey(
  providerName: string,
  mark: string,
  rest: Partial<NewKey> & { at?: SettingsInput } = {},
): NewKey {
  const { provider, preset } = resolveProviderName(providerName);
  const { at = {}, ...given } = rest;
  return {
    provider: provider.id,
    preset,
    settings: normaliseSettings(provider, at).settings,
    value: keyValue(mark),
    kind: "inference",
    class: null,
    owner: null,
    purpose: null,
    expiresAtMs: null,
    verdict: "ok",
    ...given,
  };
}

/** The code that `work` fails with; `undefined` when it does not. Anything but an `AppError` fails the test. */
export async function codeOf(work: () => Promise<unknown>): Promise<ErrorCode | undefined> {
  try {
    await work();
    return undefined;
  } catch (error) {
    if (error instanceof AppError) return error.code;
    throw error;
  }
}
