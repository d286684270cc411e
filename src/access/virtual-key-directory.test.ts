import { expect, test } from "bun:test";
import * as fc from "fast-check";
import { type AccessTest, ADA, openAccessTest } from "./access.testing.ts";
import { VirtualKeyCache } from "./virtual-key-cache.ts";
import { VirtualKeyDirectory } from "./virtual-key-directory.ts";
import { tokenHash } from "./virtual-key-token.ts";
import type { Queries } from "../store/index.ts";

/** Counts what is read, and lets a test hold a read back. */
function watched(queries: Queries) {
  let reads = 0;
  let held: Promise<void> | undefined;
  const counting: Queries = {
    all: (sql, params) => queries.all(sql, params),
    run: (sql, params) => queries.run(sql, params),
    async get(sql, params) {
      reads++;
      const row = await queries.get(sql, params);
      await held;
      return row;
    },
  };
  return {
    counting,
    reads: () => reads,
    hold: () => {
      const gate = Promise.withResolvers<void>();
      held = gate.promise;
      return () => {
        held = undefined;
        gate.resolve();
      };
    },
  };
}

async function open(test: AccessTest, options: { capacity?: number; maxUnknown?: number } = {}) {
  const watch = watched(test.store);
  const directory = new VirtualKeyDirectory({ queries: watch.counting, sealer: test.vault, ...options });
  await directory.reloadAll();
  return { ...watch, directory };
}

const unknownHash = (number: number) => tokenHash(`nobody ${number}`);

test("a key beyond what is held is found in the store, once, and held from then on", async () => {
  await using test = await openAccessTest();
  const issued = [];
  for (const name of ["a", "b", "c", "d"]) issued.push(await test.virtualKeys.create(ADA, { name }));
  const { directory, reads } = await open(test, { capacity: 2 });
  expect(directory.size).toBe(2);
  for (const { token, virtualKey } of [...issued, ...issued]) {
    const found = await directory.findByHash(tokenHash(token.reveal()), 0);
    expect(found?.id).toBe(virtualKey.id);
    expect(directory.byHash(tokenHash(token.reveal()), 0)?.id).toBe(virtualKey.id);
    expect(directory.size).toBe(2);
  }
  const last = issued[3];
  const before = reads();
  await Promise.all(Array.from({ length: 9 }, () => directory.byId(last?.virtualKey.id ?? "")));
  expect(reads()).toBe(before);
});

test("many who ask for the same key at once cause one read", async () => {
  await using test = await openAccessTest();
  const { directory, reads } = await open(test);
  const { token, virtualKey } = await test.virtualKeys.create(ADA, { name: "late" });
  const hash = tokenHash(token.reveal());
  const found = await Promise.all(Array.from({ length: 50 }, () => directory.findByHash(hash, 0)));
  expect(found.every((one) => one?.id === virtualKey.id)).toBe(true);
  expect(reads()).toBe(1);
});

test("what nobody has is asked of the store once until something changes, and no flood is remembered", async () => {
  await using test = await openAccessTest();
  const { directory, reads } = await open(test, { maxUnknown: 3 });
  for (let i = 0; i < 5; i++) expect(await directory.findByHash(unknownHash(1), 0)).toBeUndefined();
  expect(reads()).toBe(1);
  for (let i = 2; i < 10; i++) await directory.findByHash(unknownHash(i), 0);
  expect(reads()).toBe(9);
  expect(directory.findByHash(unknownHash(9), 0)).toBeUndefined();
  const { token, virtualKey } = await test.virtualKeys.create(ADA, { name: "new" });
  await directory.reload([virtualKey.id]);
  expect((await directory.findByHash(tokenHash(token.reveal()), 0))?.name).toBe("new");
});

test("a row that was read before a revocation and arrives after it is not kept", async () => {
  await using test = await openAccessTest();
  const { directory, hold } = await open(test);
  const { token, virtualKey } = await test.virtualKeys.create(ADA, { name: "cursor" });
  const hash = tokenHash(token.reveal());
  const release = hold();
  const early = directory.findByHash(hash, 0);
  await Bun.sleep(0);
  await test.virtualKeys.revoke(ADA, "cursor");
  await directory.reload([virtualKey.id]);
  const late = directory.findByHash(hash, 0);
  release();
  expect((await early)?.state).toBe("active");
  expect((await late)?.state).toBe("revoked");
  expect(directory.byHash(hash, 0)?.state).toBe("revoked");
});

test("while the vault is locked, a key that is not held cannot be known, and one out of service is so", async () => {
  await using test = await openAccessTest();
  const { directory } = await open(test);
  const on = await test.virtualKeys.create(ADA, { name: "on" });
  const off = await test.virtualKeys.create(ADA, { name: "off" });
  await test.virtualKeys.revoke(ADA, "off");
  test.vault.locked = true;
  const answer = Promise.resolve(directory.findByHash(tokenHash(on.token.reveal()), 0));
  const code = await answer.then(
    () => "known",
    (error: unknown) => (error as { code?: unknown }).code,
  );
  expect(code).toBe("vault_locked");
  expect((await directory.findByHash(tokenHash(off.token.reveal()), 0))?.state).toBe("revoked");
  test.vault.locked = false;
  expect((await directory.findByHash(tokenHash(on.token.reveal()), 0))?.name).toBe("on");
});

test("the cache never holds more than it may, and never a key under a name it has lost", () => {
  const step = fc.record({ id: fc.nat(12), hash: fc.nat(30), act: fc.constantFrom("put", "ask", "forget") });
  fc.assert(
    fc.property(fc.array(step, { maxLength: 200 }), (steps) => {
      const cache = new VirtualKeyCache(5);
      const truth = new Map<string, string>();
      for (const { id, hash, act } of steps) {
        // A hash belongs to one key only.
        const name = `vk_${id}`;
        const own = `${id}-${hash}`;
        if (act === "forget") {
          cache.forget(name);
          truth.delete(name);
        } else if (act === "ask") cache.byId(name);
        else {
          cache.put({ ...BLANK, virtualKey: { ...BLANK.virtualKey, id: name }, hash: own });
          truth.set(name, own);
        }
        expect(cache.size).toBeLessThanOrEqual(5);
        for (const [known, current] of truth) {
          const held = cache.byId(known);
          if (held !== undefined) expect(held.hash).toBe(current);
          expect(cache.byHash(current)?.virtualKey.id).toBe(held === undefined ? undefined : known);
        }
      }
    }),
  );
});

const BLANK = {
  virtualKey: {
    id: "",
    name: "",
    hint: "",
    generation: 1,
    state: "active",
    createdAtMs: 0,
    expiresAtMs: null,
    lastUsedAtMs: null,
    policy: {
      connections: [],
      defaultConnection: null,
      models: [],
      paths: [],
      addresses: [],
      regions: [],
      rateLimits: null,
      user: null,
      team: null,
      project: null,
      tool: null,
      class: null,
      purpose: null,
      metadata: {},
    },
  },
  hash: "",
  previousHash: undefined,
  previousUntilMs: 0,
  mac: new Uint8Array(0),
} as const;
