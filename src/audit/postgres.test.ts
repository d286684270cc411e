// The log on PostgreSQL, where several processes really hold transactions at once.
import { afterAll, expect, test } from "bun:test";
import { startPostgres } from "../../test/support/postgres.ts";
import { silentLog, systemClock } from "../kernel/index.ts";
import { bytesOf, openPostgresStore } from "../store/index.ts";
import { event, events, TestSigner, VAULT_ID } from "./audit.testing.ts";
import { checkpoint } from "./checkpoint.ts";
import { createAuditLog } from "./merkle-log.ts";
import { verifyInclusion } from "./proofs.ts";
import { proveInclusion } from "./tree-reader.ts";
import { verify } from "./verify.ts";

const server = await startPostgres();

if ("unavailable" in server) {
  test.skip(`audit log on PostgreSQL: ${server.unavailable}`, () => {});
} else {
  afterAll(() => server.close());
  const open = (url: string) => openPostgresStore({ url, clock: systemClock, log: silentLog });
  const log = createAuditLog({ clock: systemClock });

  test("processes that append at once, the first entry included, leave one log without gaps", async () => {
    const url = await server.newDatabase();
    const stores = await Promise.all([open(url), open(url), open(url)]);
    const sizes = await Promise.all(
      events(60).map(async (entry, i) => {
        const store = stores[i % 3] ?? stores[0];
        return await store.tx(async (tx) => {
          const audited = log.begin(tx);
          audited.protectedRows.add(new Uint8Array(32).fill(1));
          return await log.append(audited, entry);
        });
      }),
    );
    expect(sizes.sort((a, b) => a - b)).toEqual(Array.from({ length: 60 }, (_, i) => i + 1));
    const { problems, entries } = await verify(stores[0], { vaultId: VAULT_ID });
    expect(problems).toEqual([]);
    expect(entries).toBe(60);
    expect((await log.head(stores[0])).protectedSum).toEqual(new Uint8Array(32).fill(60));
    await Promise.all(stores.map((store) => store.close()));
  });

  test("entries, checkpoints and proofs come back as from SQLite, and damage is found", async () => {
    const store = await open(await server.newDatabase());
    const signer = new TestSigner();
    await store.tx(async (tx) => await log.appendAll(log.begin(tx), events(1500)));
    const signed = await checkpoint(store, signer, systemClock);
    expect(signed?.size).toBe(1500);
    expect(await log.list(store, { since: 7, limit: 1 })).toMatchObject([{ ...event(7), index: 7 }]);
    const row = await store.get("SELECT leaf FROM audit_entries WHERE idx = 7");
    const claim = {
      leaf: bytesOf(row ?? {}, "leaf"),
      index: 7,
      size: 1500,
      proof: await proveInclusion(store, 7, 1500),
      root: signed?.root ?? new Uint8Array(),
    };
    expect(verifyInclusion(claim)).toBe(true);

    const options = { vaultId: VAULT_ID, publicKey: signer.publicKey() };
    expect(await verify(store, options)).toMatchObject({ ok: true, entries: 1500, checkpoints: 1 });
    await store.run("UPDATE audit_entries SET caller = ? WHERE idx = 1234", ["cli:eve"]);
    expect(await verify(store, options)).toMatchObject({ ok: false, firstBadIndex: 1234 });
    await store.close();
  });
}
