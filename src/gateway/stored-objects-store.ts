import type { Clock, Log } from "../kernel/index.ts";
import { type Store, textOf, type Tx } from "../store/index.ts";
import type { StoredObject, StoredObjects } from "./stored-objects.ts";

export interface StoredObjectsOptions {
  readonly store: Store;
  readonly clock: Clock;
  readonly log: Log;
}

/** Objects kept in memory beyond those not yet written. */
const MAX_REMEMBERED = 10_000;
/** Objects that nobody asked for in so long are gone at the providers too (responses: 30 days). */
const KEEP_DAYS = 400;
const DAY_MS = 86_400_000;
/** Written at the latest so long after; a crash loses no more than that. */
const WRITE_AFTER_MS = 200;

/** Stored objects in the control store, written behind in batches: one durable commit per answer would be too slow. */
export function createStoredObjects({ store, clock, log }: StoredObjectsOptions): StoredObjects {
  const remembered = new Map<string, string>();
  let unwritten = new Map<string, StoredObject>();
  let timer: ReturnType<typeof setTimeout> | undefined;

  function remember(name: string, virtualKeyId: string): void {
    remembered.delete(name);
    remembered.set(name, virtualKeyId);
    for (const oldest of remembered.keys()) {
      if (remembered.size <= MAX_REMEMBERED) break;
      remembered.delete(oldest);
    }
  }

  async function flush(): Promise<void> {
    clearTimeout(timer);
    timer = undefined;
    const writing = unwritten;
    if (writing.size === 0) return;
    unwritten = new Map();
    try {
      await store.tx(async (tx) => await insertAll(tx, writing.values(), clock.nowMs()));
    } catch (error) {
      unwritten = new Map([...writing, ...unwritten]);
      throw error;
    }
  }

  const writeSoon = () => {
    timer ??= setTimeout(() => {
      flush().catch((error: unknown) => log.error("gateway.objects_not_written", { error }));
    }, WRITE_AFTER_MS);
  };

  return {
    flush,
    record(object) {
      const name = nameOf(object.connectionId, object.id);
      // The first one who made it stays its owner.
      if (remembered.has(name) || unwritten.has(name)) return;
      remember(name, object.virtualKeyId);
      unwritten.set(name, object);
      writeSoon();
    },
    ownerOf(connectionId, id) {
      const name = nameOf(connectionId, id);
      const known = remembered.get(name) ?? unwritten.get(name)?.virtualKeyId;
      if (known !== undefined) return known;
      return readOwner(store, connectionId, id).then((owner) => {
        if (owner !== undefined) remember(name, owner);
        return owner;
      });
    },
  };
}

function nameOf(connectionId: string, id: string): string {
  return `${connectionId} ${id}`;
}

async function readOwner(store: Store, connectionId: string, id: string): Promise<string | undefined> {
  const row = await store.get(
    "SELECT virtual_key_id FROM stored_objects WHERE connection_id = ? AND object_id = ?",
    [connectionId, id],
  );
  return row && textOf(row, "virtual_key_id");
}

async function insertAll(tx: Tx, objects: Iterable<StoredObject>, nowMs: number): Promise<void> {
  for (const { connectionId, id, virtualKeyId, kind } of objects) {
    await tx.run(
      `INSERT INTO stored_objects (connection_id, object_id, virtual_key_id, kind, created_at_ms)
       VALUES (?, ?, ?, ?, ?) ON CONFLICT (connection_id, object_id) DO NOTHING`,
      [connectionId, id, virtualKeyId, kind, nowMs],
    );
  }
  await tx.run("DELETE FROM stored_objects WHERE created_at_ms < ?", [nowMs - KEEP_DAYS * DAY_MS]);
}
