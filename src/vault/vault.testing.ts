// What the tests of this room share: a home in a temporary folder with store, audit log and vault.
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type Act, type Caller, createPerform, type Perform } from "../access/index.ts";
import { type AuditedTx, type AuditLog, createAuditLog } from "../audit/index.ts";
import { AppError, type ErrorCode, idMaker, Secret, systemClock, systemRandomness } from "../kernel/index.ts";
import { openSqliteStore, type Store } from "../store/index.ts";
import { type OpenedVault, openOrCreateVault, type OpenVaultOptions } from "./first-start.ts";
import type { ManagedVault } from "./managed-vault.ts";
import type { Keychain } from "./slots/keychain.ts";

export const ADA: Caller = { kind: "cli", user: "ada" };
export const ACT: Act = { action: "test.act", permission: "keys.manage" };
export const ORIGINS = ["https://api.example.com"];
/** The least that is allowed, to keep tests short. */
export const QUICK_COST = { memoryKib: 64 * 1024, passes: 3, lanes: 4 };

/** Shaped like a key; put together at run time. */
export const providerKey = (mark: string): Secret => new Secret(`sk-${"a".repeat(24)}${mark}`);

export class FakeKeychain implements Keychain {
  readonly items = new Map<string, string>();
  broken = false;

  async get(item: string): Promise<string | undefined> {
    this.#refuseIfBroken();
    return this.items.get(item);
  }

  async set(item: string, value: string): Promise<void> {
    this.#refuseIfBroken();
    this.items.set(item, value);
  }

  async delete(item: string): Promise<void> {
    this.#refuseIfBroken();
    this.items.delete(item);
  }

  #refuseIfBroken(): void {
    if (this.broken) throw new Error("no desktop session");
  }
}

export interface TestHome extends AsyncDisposable {
  readonly home: string;
  readonly store: Store;
  readonly audit: AuditLog;
  readonly perform: Perform;
  /** Opens or makes the vault of this home; options as `openOrCreateVault`. */
  open(options?: Partial<OpenVaultOptions>): Promise<OpenedVault>;
  /** Runs `work` as an audited act. */
  act<T>(work: (tx: AuditedTx) => Promise<T>): Promise<T>;
}

export const temporaryHome = (): string => mkdtempSync(join(tmpdir(), "ownkey-vault-"));

export async function openTestHome(home = temporaryHome(), keep = false): Promise<TestHome> {
  const path = join(home, "control.db");
  return testHomeOn(
    await openSqliteStore({ path, mode: "inline", clock: systemClock, busyTimeoutMs: 30_000 }),
    home,
    keep,
  );
}

export function testHomeOn(store: Store, home = temporaryHome(), keep = false): TestHome {
  const audit = createAuditLog({ clock: systemClock });
  const perform = createPerform({ store, audit });
  const seams = {
    home,
    store,
    audit,
    perform,
    keychain: undefined,
    caller: ADA,
    clock: systemClock,
    randomness: systemRandomness,
    newId: idMaker(systemClock, systemRandomness),
  };
  return {
    home,
    store,
    audit,
    perform,
    open: async (options) => await openOrCreateVault({ ...seams, ...options }),
    act: async (work) => await perform(ADA, ACT, work),
    async [Symbol.asyncDispose]() {
      await store.close();
      if (!keep) rmSync(home, { recursive: true, force: true });
    },
  };
}

/** Makes a secret with one active version. */
export async function addSecret(test: TestHome, vault: ManagedVault, id: string): Promise<void> {
  await test.act(async (tx) => {
    await vault.create(tx, "provider_keys", id, {
      value: providerKey(id),
      origins: ORIGINS,
      connection: "c",
    });
    await vault.activate(tx, id, 1);
  });
}

export async function openValue(test: TestHome, vault: ManagedVault, id: string, version?: number) {
  return (await test.act(async (tx) => await vault.open(tx, id, version))).value.reveal();
}

/** The error that `work` fails with; `undefined` when it does not. Anything but an `AppError` fails the test. */
export async function errorOf(work: () => Promise<unknown>): Promise<AppError | undefined> {
  try {
    await work();
    return undefined;
  } catch (error) {
    if (error instanceof AppError) return error;
    throw error;
  }
}

export async function codeOf(work: () => Promise<unknown>): Promise<ErrorCode | undefined> {
  return (await errorOf(work))?.code;
}
