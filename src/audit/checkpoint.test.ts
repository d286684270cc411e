import { expect, test } from "bun:test";
import { createHash, createPublicKey, verify } from "node:crypto";
import { toBase64Url, utf8 } from "../kernel/index.ts";
import { event, events, openTestLog, TestSigner, VAULT_ID } from "./audit.testing.ts";
import { checkpoint, lastCheckpoint } from "./checkpoint.ts";
import { formatCheckpoint } from "./checkpoint-note.ts";

test("a checkpoint is written when there is something new, and only while the signer is unlocked", async () => {
  await using test = await openTestLog();
  const signer = new TestSigner();
  expect(await checkpoint(test.store, signer, test.clock)).toBeUndefined();
  await test.append(event(0));
  signer.locked = true;
  expect(await checkpoint(test.store, signer, test.clock)).toBeUndefined();
  signer.locked = false;
  const written = await checkpoint(test.store, signer, test.clock);
  expect(written).toMatchObject({ size: 1, atMs: test.clock.timeMs });
  expect(await checkpoint(test.store, signer, test.clock)).toBeUndefined();
  expect(await lastCheckpoint(test.store)).toEqual(written);
});

test("the note is one that any reader of signed notes can check", async () => {
  await using test = await openTestLog();
  const signer = new TestSigner();
  await test.append(event(0));
  const written = await checkpoint(test.store, signer, test.clock);
  if (!written) throw new Error("no checkpoint");

  const [text = "", signatureLine = ""] = formatCheckpoint(VAULT_ID, written).split("\n\n");
  const { root } = await test.log.head(test.store);
  expect(text.split("\n")).toEqual([
    `ownkey audit ${VAULT_ID}`,
    "1",
    Buffer.from(root).toString("base64"),
    new Date(test.clock.timeMs).toISOString(),
  ]);
  const [dash, name, encoded = ""] = signatureLine.trimEnd().split(" ");
  expect([dash, name]).toEqual(["—", VAULT_ID]);
  const bytes = Buffer.from(encoded, "base64");
  const publicKey = signer.publicKey() ?? new Uint8Array();
  const keyId = createHash("sha256").update(`${VAULT_ID}\n\u0001`).update(publicKey).digest().subarray(0, 4);
  expect(bytes.subarray(0, 4)).toEqual(keyId);
  const key = createPublicKey({
    key: { kty: "OKP", crv: "Ed25519", x: toBase64Url(publicKey) },
    format: "jwk",
  });
  expect(verify(null, utf8(`${text}\n`), key, bytes.subarray(4))).toBe(true);
});

test("nothing is signed that does not continue the last checkpoint", async () => {
  await using test = await openTestLog();
  const signer = new TestSigner();
  const sign = async () => await checkpoint(test.store, signer, test.clock);
  await test.append(...events(5));
  await sign();
  await test.append(...events(6, 5));

  await using other = await openTestLog();
  await other.append(...events(11, 100));
  const [mine] = await test.store.all("SELECT root, subtrees FROM audit_head");
  const [theirs] = await other.store.all("SELECT root, subtrees FROM audit_head");
  const setHead = async (row: typeof mine) =>
    await test.store.run("UPDATE audit_head SET root = ?, subtrees = ?", [
      row?.["root"] ?? null,
      row?.["subtrees"] ?? null,
    ]);
  await setHead(theirs);
  expect(await sign()).toBeUndefined();
  await setHead({ ...mine, root: theirs?.["root"] ?? null });
  expect(await sign()).toBeUndefined();
  await setHead(mine);
  await test.store.run("UPDATE audit_nodes SET position = 77 WHERE level = 1 AND position = 3");
  expect(await sign()).toBeUndefined();
  await test.store.run("UPDATE audit_nodes SET position = 3 WHERE position = 77");
  expect(await sign()).toMatchObject({ size: 11 });
});
