import { expect, test } from "bun:test";
import { existsSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { type AuditHead, createAuditLog } from "../audit/index.ts";
import { systemClock } from "../kernel/index.ts";
import { openSqliteStore } from "../store/index.ts";
import { Anchor } from "./anchor.ts";
import { codeOf, errorOf, FakeKeychain, openTestHome, type TestHome } from "./vault.testing.ts";

const headAt = (size: number, mark = 1): AuditHead => ({
  size,
  root: new Uint8Array(32).fill(mark),
  protectedSum: new Uint8Array(32).fill(mark + 1),
});

const anchorOf = ({ home }: TestHome, keychain?: FakeKeychain, vaultId = "vault_1") =>
  new Anchor({ home, vaultId, keychain });

const sizeIn = ({ home }: TestHome): number =>
  (JSON.parse(readFileSync(join(home, "epoch"), "utf8")) as { size: number }).size;

test("a database as it was last seen, or a newer one, is accepted", async () => {
  await using home = await openTestHome();
  const anchor = anchorOf(home);
  await anchor.check(headAt(3));
  await anchor.advance(headAt(3));
  await anchor.check(headAt(3));
  await anchor.check(headAt(4, 9));
  expect(statSync(join(home.home, "epoch")).mode & 0o777).toBe(0o600);
});

test("an older database is refused with the command that accepts it, and accepted by that", async () => {
  await using home = await openTestHome();
  const keychain = new FakeKeychain();
  await anchorOf(home, keychain).advance(headAt(9));
  const again = anchorOf(home, keychain);
  const refusal = await errorOf(async () => await again.check(headAt(7)));
  expect(refusal?.code).toBe("rolled_back");
  expect(refusal?.hint).toContain("ownkey up --accept-epoch 7");
  expect(await codeOf(async () => await again.check(headAt(7), { acceptEpoch: 8 }))).toBe("rolled_back");
  await again.check(headAt(7), { acceptEpoch: 7 });
  await anchorOf(home, keychain).check(headAt(7));
});

test("as many entries but other ones, or other protected rows, are refused", async () => {
  await using home = await openTestHome();
  const anchor = anchorOf(home);
  await anchor.advance(headAt(5));
  expect(await codeOf(async () => await anchor.check(headAt(5, 2)))).toBe("rolled_back");
  const otherSum = { ...headAt(5), protectedSum: new Uint8Array(32) };
  expect(await codeOf(async () => await anchor.check(otherSum))).toBe("rolled_back");
});

test("a longer log must continue the one that was seen", async () => {
  await using home = await openTestHome();
  for (let i = 0; i < 5; i++) await home.act(async () => {});
  const anchor = anchorOf(home);
  await anchor.advance(await home.audit.head(home.store));
  for (let i = 0; i < 4; i++) await home.act(async () => {});
  await anchor.check(await home.audit.head(home.store), { queries: home.store });

  const path = join(home.home, "forged.db");
  const forged = await openSqliteStore({ path, mode: "inline", clock: systemClock });
  const log = createAuditLog({ clock: systemClock });
  const entry = { caller: "cli:eve", action: "x", outcome: "ok" } as const;
  for (let i = 0; i < 9; i++) await forged.tx(async (tx) => await log.append(log.begin(tx), entry));
  const head = await log.head(forged);
  expect(await codeOf(async () => await anchor.check(head, { queries: forged }))).toBe("rolled_back");
  await forged.close();
});

test("what another process commits between the making of the anchor and the reading of the head is no rollback", async () => {
  await using home = await openTestHome();
  const keychain = new FakeKeychain();
  await anchorOf(home, keychain).advance(headAt(5));
  const anchor = anchorOf(home, keychain);
  await anchorOf(home, keychain).advance(headAt(9));
  await anchor.check(headAt(5));
  expect(await codeOf(async () => await anchor.check(headAt(4)))).toBe("rolled_back");
  await anchor.advance(headAt(6));
  expect(sizeIn(home)).toBe(9);
});

test("the keychain remembers what was taken out of the folder", async () => {
  await using home = await openTestHome();
  const keychain = new FakeKeychain();
  await anchorOf(home, keychain).advance(headAt(9));
  rmSync(join(home.home, "epoch"));
  expect(await codeOf(async () => await anchorOf(home, keychain).check(headAt(7)))).toBe("rolled_back");
  keychain.broken = true;
  await anchorOf(home, keychain).check(headAt(7));
});

test("the file never goes back, whoever writes last", async () => {
  await using home = await openTestHome();
  const [one, other] = [anchorOf(home), anchorOf(home)];
  await Promise.all([one.advance(headAt(8)), other.advance(headAt(6)), one.advance(headAt(7))]);
  await other.advance(headAt(5));
  expect(sizeIn(home)).toBe(8);
  await Promise.all(
    Array.from({ length: 40 }, async (_, i) => await (i % 2 ? one : other).advance(headAt(i))),
  );
  expect(sizeIn(home)).toBe(39);
});

test("another vault's database and a damaged file are refused, both with a way on", async () => {
  await using home = await openTestHome();
  await anchorOf(home).advance(headAt(1));
  const other = anchorOf(home, undefined, "vault_2");
  expect(await codeOf(async () => await other.check(headAt(50)))).toBe("rolled_back");
  for (const text of [
    "",
    "{}",
    "12\n",
    "\ufffd",
    readFileSync(join(home.home, "epoch"), "utf8").slice(0, -9),
  ]) {
    writeFileSync(join(home.home, "epoch"), text);
    expect(await codeOf(async () => await anchorOf(home).check(headAt(2)))).toBe("corrupt");
  }
  await anchorOf(home).check(headAt(2), { acceptEpoch: 2 });
  expect(sizeIn(home)).toBe(2);
});

test("a home that has had a vault gets no new one when its database is gone", async () => {
  await using home = await openTestHome();
  await anchorOf(home).advance(headAt(1));
  expect(await codeOf(async () => await home.open())).toBe("rolled_back");
  expect(existsSync(join(home.home, "epoch"))).toBe(true);
  expect(await home.store.all("SELECT * FROM vault")).toEqual([]);
});

test("an anchor that cannot be written stays behind and hurts nobody", async () => {
  const errors: unknown[] = [];
  const anchor = new Anchor({
    home: "/nonexistent/folder",
    vaultId: "v",
    onError: (error) => errors.push(error),
  });
  await anchor.advance(headAt(1));
  expect(errors).toHaveLength(1);
});
