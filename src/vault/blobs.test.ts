import { expect, test } from "bun:test";
import { randomBytes } from "node:crypto";
import { equalBytes, utf8 } from "../kernel/index.ts";
import { MAX_BLOB_BYTES } from "./blobs.ts";
import { codeOf, openTestHome } from "./vault.testing.ts";

test("a blob comes back byte for byte, up to 16 MiB, and one byte more is refused", async () => {
  await using home = await openTestHome();
  const { vault } = await home.open();
  const put = async (id: string, bytes: Uint8Array) =>
    await home.act(async (tx) => await vault.putBlob(tx, id, "undo", bytes));
  for (const [at, size] of [0, 1, 65_537, MAX_BLOB_BYTES].entries()) {
    const bytes = new Uint8Array(randomBytes(size));
    await put(`blob_${at}`, bytes);
    const blob = await home.act(async (tx) => await vault.getBlob(tx, `blob_${at}`));
    expect(blob?.info).toMatchObject({ id: `blob_${at}`, kind: "undo", sizeBytes: size });
    expect(equalBytes(blob?.bytes ?? utf8("none"), bytes)).toBe(true);
  }
  expect(await codeOf(async () => await put("large", new Uint8Array(MAX_BLOB_BYTES + 1)))).toBe("too_large");
  expect((await vault.listBlobs(home.store)).map(({ id }) => id).sort()).toEqual(
    [0, 1, 2, 3].map((n) => `blob_${n}`),
  );
});

test("a blob is written once and can be taken away", async () => {
  await using home = await openTestHome();
  const { vault } = await home.open();
  const put = async () => await home.act(async (tx) => await vault.putBlob(tx, "blob", "undo", utf8("one")));
  await put();
  expect(await codeOf(put)).toBe("already_exists");
  expect(await home.act(async (tx) => await vault.removeBlob(tx, "blob"))).toBe(true);
  expect(await home.act(async (tx) => await vault.removeBlob(tx, "blob"))).toBe(false);
  expect(await home.act(async (tx) => await vault.getBlob(tx, "blob"))).toBeUndefined();
  await put();
  await home.open();
});

test("a locked vault gives no blob and takes none", async () => {
  await using home = await openTestHome();
  const { vault } = await home.open();
  await home.act(async (tx) => await vault.putBlob(tx, "blob", "undo", utf8("one")));
  vault.lock("auto");
  const code = async (work: Parameters<typeof home.act>[0]) => await codeOf(async () => await home.act(work));
  expect(await code(async (tx) => await vault.getBlob(tx, "blob"))).toBe("vault_locked");
  expect(await code(async (tx) => await vault.putBlob(tx, "two", "undo", utf8("x")))).toBe("vault_locked");
  expect(await code(async (tx) => await vault.removeBlob(tx, "blob"))).toBe("vault_locked");
});
