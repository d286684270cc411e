// What the tests of this room share: a store in a temporary folder, a fake vault, and callers.
import { createHmac, generateKeyPairSync, randomBytes, sign } from "node:crypto";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type AuditLog, createAuditLog, type Signer } from "../audit/index.ts";
import {
  AppError,
  type Clock,
  equalBytes,
  fromBase64Url,
  idMaker,
  lengthPrefixed,
  systemRandomness,
} from "../kernel/index.ts";
import { openSqliteStore, type Store } from "../store/index.ts";
import type { Caller } from "./caller.ts";
import { createPerform, type Perform } from "./perform.ts";
import type { RowSealer } from "./row-sealer.ts";
import { ToolTokens } from "./tool-tokens.ts";
import { VirtualKeys } from "./virtual-keys.ts";

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

/** Seals rows and signs as the vault does, with keys of its own. */
export class FakeVault implements RowSealer, Signer {
  readonly id: string;
  locked = false;
  readonly #key = randomBytes(32);
  readonly #pair = generateKeyPairSync("ed25519");

  constructor(id = "vault_test") {
    this.id = id;
  }

  seal(table: string, id: string, content: Uint8Array): Uint8Array {
    if (this.locked) throw new AppError("vault_locked", "locked");
    const hmac = createHmac("sha256", this.#key).update(lengthPrefixed(table, id, content));
    return new Uint8Array(hmac.digest());
  }

  check(table: string, id: string, content: Uint8Array, mac: Uint8Array): void {
    if (!equalBytes(this.seal(table, id, content), mac)) throw new AppError("corrupt", `${table} ${id}`);
  }

  publicKey(): Uint8Array | undefined {
    return this.locked ? undefined : fromBase64Url(this.#pair.publicKey.export({ format: "jwk" }).x ?? "");
  }

  sign(message: Uint8Array): Uint8Array | undefined {
    return this.locked ? undefined : new Uint8Array(sign(null, message, this.#pair.privateKey));
  }
}

export interface AccessTest extends AsyncDisposable {
  readonly clock: TestClock;
  readonly store: Store;
  readonly audit: AuditLog;
  readonly vault: FakeVault;
  readonly perform: Perform;
  readonly virtualKeys: VirtualKeys;
  readonly toolTokens: ToolTokens;
  /** The audit log as `caller action subject outcome`. */
  entries(): Promise<string[]>;
}

/** Over a store of its own, SQLite unless another is given; closes it. */
export async function openAccessTest(given?: Store): Promise<AccessTest> {
  const folder = mkdtempSync(join(tmpdir(), "ownkey-access-"));
  const clock = new TestClock();
  const store = given ?? (await openSqliteStore({ path: join(folder, "control.db"), mode: "inline", clock }));
  const audit = createAuditLog({ clock });
  const vault = new FakeVault();
  const perform = createPerform({ store, audit });
  const newId = idMaker(clock, systemRandomness);
  const common = { store, perform, clock, newId };
  const virtualKeys = new VirtualKeys({ ...common, sealer: vault, randomness: systemRandomness });
  const toolTokens = new ToolTokens({ ...common, virtualKeys, signer: vault });
  return {
    clock,
    store,
    audit,
    vault,
    perform,
    virtualKeys,
    toolTokens,
    async entries() {
      const listed = await audit.list(store, { since: 0, limit: 1000 });
      return listed.map(
        ({ caller, action, subject, outcome }) => `${caller} ${action} ${subject ?? "-"} ${outcome}`,
      );
    },
    async [Symbol.asyncDispose]() {
      await store.close();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}
