// What the tests of this room share: a log in a temporary folder, and a signer.
import { generateKeyPairSync, sign } from "node:crypto";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type Clock, fromBase64Url } from "../kernel/index.ts";
import { openSqliteStore, type Store } from "../store/index.ts";
import type { CheckpointSigner } from "./checkpoint.ts";
import type { AuditEvent } from "./entry.ts";
import type { AuditLog } from "./log.ts";
import { createAuditLog } from "./merkle-log.ts";

export const VAULT_ID = "vault_test";

export class TestClock implements Clock {
  timeMs = Date.UTC(2026, 10, 23, 10);

  nowMs(): number {
    return this.timeMs;
  }

  monotonicMs(): number {
    return this.timeMs;
  }
}

export interface TestLog extends AsyncDisposable {
  readonly path: string;
  readonly clock: TestClock;
  readonly store: Store;
  readonly log: AuditLog;
  /** Appends entries in one transaction. */
  append(...events: AuditEvent[]): Promise<number>;
}

export async function openTestLog(): Promise<TestLog> {
  const folder = mkdtempSync(join(tmpdir(), "ownkey-audit-"));
  const path = join(folder, "control.db");
  const clock = new TestClock();
  const store = await openSqliteStore({ path, mode: "inline", clock });
  const log = createAuditLog({ clock });
  return {
    path,
    clock,
    store,
    log,
    append: async (...events) => await store.tx(async (tx) => await log.appendAll(log.begin(tx), events)),
    async [Symbol.asyncDispose]() {
      await store.close();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

export function event(number: number): AuditEvent {
  return {
    caller: `cli:user${number % 3}`,
    action: "key.add",
    subject: number % 4 === 0 ? undefined : `key_${number}`,
    outcome: number % 5 === 0 ? "denied" : "ok",
    details: { number, name: `main ${number}` },
  };
}

export const events = (count: number, from = 0): AuditEvent[] =>
  Array.from({ length: count }, (_, i) => event(from + i));

/** Signs as the vault does; `locked` makes it one that cannot. */
export class TestSigner implements CheckpointSigner {
  readonly id = VAULT_ID;
  locked = false;
  readonly #pair = generateKeyPairSync("ed25519");

  publicKey(): Uint8Array | undefined {
    return this.locked ? undefined : fromBase64Url(this.#pair.publicKey.export({ format: "jwk" }).x ?? "");
  }

  sign(message: Uint8Array): Uint8Array | undefined {
    return this.locked ? undefined : new Uint8Array(sign(null, message, this.#pair.privateKey));
  }
}
