// The stored form of a whole vault made from fixed inputs. What is released stays readable: a change of these digests
// is a new format, with the old one still opened.
import { expect, test } from "bun:test";
import { createHash } from "node:crypto";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { Secret, toHex, uint64, utf8 } from "../kernel/index.ts";
import { PROTECTED_TABLES } from "./protected-rows.ts";
import { ADA, openTestHome, ORIGINS, type TestHome } from "./vault.testing.ts";

/** The same bytes in every run, never the same twice in one. */
function fixedRandomness(): (sizeBytes: number) => Uint8Array {
  let calls = 0;
  return (sizeBytes) => {
    calls += 1;
    return new Uint8Array(createHash("sha512").update(uint64(calls)).digest()).subarray(0, sizeBytes);
  };
}

const fixedClock = { nowMs: () => 1_800_000_000_000, monotonicMs: () => 0 };

/** SHA-256 over all columns of all rows, in the order of the table's definition and key. */
async function digestOf({ store }: TestHome, table: keyof typeof PROTECTED_TABLES): Promise<string> {
  const rows = await store.all(`SELECT * FROM ${table} ORDER BY ${PROTECTED_TABLES[table].key.join(", ")}`);
  const text = rows.map((row) =>
    Object.entries(row)
      .map(([column, value]) => `${column}=${value instanceof Uint8Array ? toHex(value) : String(value)}`)
      .join("\n"),
  );
  return createHash("sha256").update(text.join("\n\n")).digest("hex");
}

test("the committed vector: a vault made from fixed inputs is stored as ever", async () => {
  await using home = await openTestHome();
  let ids = 0;
  const newId = (prefix: string) => `${prefix}_${(ids += 1)}`;
  const { vault } = await home.open({ randomness: fixedRandomness(), clock: fixedClock, newId });
  await home.act(async (tx) => {
    const secret = { value: new Secret("fixed value"), origins: ORIGINS, connection: "conn_1" };
    await vault.create(tx, "provider_keys", "key_1", secret);
    await vault.activate(tx, "key_1", 1);
    await vault.putBlob(tx, "blob_1", "undo", utf8("fixed bytes"));
  });
  await vault.addSlot(ADA, { kind: "recovery_code" });
  const digests: Record<string, string> = {};
  for (const table of Object.keys(PROTECTED_TABLES) as (keyof typeof PROTECTED_TABLES)[]) {
    digests[table] = await digestOf(home, table);
  }
  const keyFile = readdirSync(home.home).find((name) => name.startsWith("unlock-")) ?? "";
  const stored: Record<string, string> = {
    ...digests,
    keyFile: createHash("sha256")
      .update(readFileSync(join(home.home, keyFile)))
      .digest("hex"),
    fingerprint: vault.fingerprint(new Secret("fixed value")),
    publicKey: toHex(vault.publicKey() ?? new Uint8Array()),
    rowMac: toHex(vault.seal("connections", "conn_1", utf8("row"))),
    keyedHash: toHex(vault.keyedHash("request-body", utf8("body"))),
  };
  expect(stored).toEqual({
    fingerprint: "fp_516e81c9bfec",
    keyFile: "c7a5f9e7f87a7db345aa368115bb797053ff3e90a2a9ec698426bc879805bffb",
    keyedHash: "8e97aab41a16a9ff09766d4c130a6185a696706fdef46c6b80efd8baab078230",
    publicKey: "1363106b72b9ecfa78f800f389e27c28c6928662a1703336d4916d80897917b9",
    rowMac: "c6b2ac51fb0389eb8646bacd80393f70386bd9b8964b40a419bc19ddaeadfa9a",
    secret_versions: "488aedc856bb37de5156779e51a6c241db362637c82c50f4077d6f7d699902e1",
    secrets: "1ce6af96dd0a0ee359d20a43a422604372c5068cea19073bcd1c11b2976c05c9",
    vault: "071145d25db1494b696d2a64e02fa7379fba5e02bf7dfff3f231ee37115591c9",
    vault_blobs: "49eb0c795d53290ea80e864d028bae5e07db95063ac0c32c72ea84b1d9535bdc",
    vault_collection_keys: "d675929caf7f16a20fefee3335452556d3bad1a12929a1bd93c36aa49d7473d0",
    vault_slots: "18fe9f23b4a7afd9d55de49c19a0098d2acc47883690224cab171c1e56c88aea",
  });
});
