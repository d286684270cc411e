// A process of its own that works on the vault of a home, and kills itself at the n-th point if told to:
//   bun child.testing.ts HOME WORK [N] [each-write]
// Points are the vault's own steps, and the store just before and after each commit; also before each write if told.
import { createPerform } from "../access/index.ts";
import { createAuditLog } from "../audit/index.ts";
import { systemClock } from "../kernel/index.ts";
import type { Store, Tx } from "../store/index.ts";
import type { ManagedVault } from "./managed-vault.ts";
import { ADA, addSecret, openTestHome, ORIGINS, providerKey, type TestHome } from "./vault.testing.ts";

const [folder = "", work = "", killAt = "0", points = ""] = process.argv.slice(2);

let reached = 0;
function step(): void {
  reached += 1;
  if (reached === Number(killAt)) process.kill(process.pid, "SIGKILL");
}

/** A store with points at its commits, and at its writes if told. */
function counting(store: Store): Store {
  return {
    engine: store.engine,
    all: async (sql, params) => await store.all(sql, params),
    get: async (sql, params) => await store.get(sql, params),
    run: async (sql, params) => await store.run(sql, params),
    async tx(work) {
      const result = await store.tx(async (tx) => {
        const done = await work(countingTx(tx));
        step();
        return done;
      });
      step();
      return result;
    },
    changeMark: () => store.changeMark(),
    confirmedAtMs: () => store.confirmedAtMs(),
    close: async () => await store.close(),
  };
}

function countingTx(tx: Tx): Tx {
  return {
    forUpdate: tx.forUpdate,
    all: async (sql, params) => await tx.all(sql, params),
    get: async (sql, params) => await tx.get(sql, params),
    run: async (sql, params) => {
      if (points === "each-write") step();
      return await tx.run(sql, params);
    },
  };
}

const WORKS: Record<string, (home: TestHome, vault: ManagedVault) => Promise<void>> = {
  "first-start": async () => {},
  "replace-slot": async (home, vault) => {
    const [slot] = await vault.slots(home.store);
    await vault.replaceSlot(ADA, slot?.id ?? "", { kind: "key_file" });
  },
  put: async (home, vault) => {
    for (let i = 0; i < 15; i++) {
      await home.act(async (tx) => {
        const version = await vault.put(tx, "key_1", { value: providerKey(String(i)), origins: ORIGINS });
        await vault.activate(tx, "key_1", version);
      });
    }
  },
  create: async (home, vault) => {
    for (let i = 0; i < 5; i++) await addSecret(home, vault, `key_${process.pid}_${i}`);
  },
};

await using home = await openTestHome(folder, true);
const audit = createAuditLog({ clock: systemClock });
const store = counting(home.store);
const { vault } = await home.open({ store, audit, perform: createPerform({ store, audit }), step });
// The first start alone is killed while it opens; the others from here on.
if (work !== "first-start") reached = 0;
await WORKS[work]?.(home, vault);
process.stdout.write(`${vault.id} ${reached}\n`);
