// The age format itself is the library's. These vectors (C2SP CCTV) prove that the pinned version reads valid files and
// refuses invalid ones, streamed as backups are.
import { expect, test } from "bun:test";
import { armor, Decrypter } from "age-encryption";
import * as vectors from "cctv-age";
import { createHash } from "node:crypto";
import { inflateSync } from "node:zlib";

interface Vector {
  readonly facts: ReadonlyMap<string, string>;
  readonly identities: readonly string[];
  readonly passphrases: readonly string[];
  readonly body: Uint8Array;
}

function parseVector(bytes: Uint8Array): Vector {
  const end = Buffer.from(bytes).indexOf("\n\n");
  const lines = Buffer.from(bytes.subarray(0, end)).toString().split("\n");
  const pairs = lines.map((line) => line.split(": ", 2) as [string, string]);
  const all = (name: string) => pairs.filter(([key]) => key === name).map(([, value]) => value);
  const facts = new Map(pairs);
  const rest = bytes.subarray(end + 2);
  return {
    facts,
    identities: all("identity"),
    passphrases: all("passphrase"),
    body: facts.get("compressed") === "zlib" ? inflateSync(rest) : rest,
  };
}

async function outcome(vector: Vector): Promise<string> {
  const decrypter = new Decrypter();
  for (const identity of vector.identities) decrypter.addIdentity(identity);
  for (const passphrase of vector.passphrases) decrypter.addPassphrase(passphrase);
  const hash = createHash("sha256");
  try {
    const isArmored = vector.facts.get("armored") === "yes";
    const body = isArmored ? armor.decode(Buffer.from(vector.body).toString("latin1")) : vector.body;
    const plaintext: ReadableStream<Uint8Array> = await decrypter.decrypt(streamOf(body));
    for await (const chunk of plaintext) hash.update(chunk);
  } catch {
    return "refused";
  }
  return hash.digest("hex");
}

/** In pieces of odd sizes, so that no boundary of the format meets one of a piece. */
function streamOf(bytes: Uint8Array): ReadableStream<Uint8Array> {
  let offset = 0;
  return new ReadableStream<Uint8Array>({
    pull(controller) {
      if (offset >= bytes.length) return controller.close();
      controller.enqueue(bytes.slice(offset, offset + 4099));
      offset += 4099;
    },
  });
}

test("every vector of the age format is read or refused as it says", async () => {
  const wrong: string[] = [];
  for (const [name, bytes] of Object.entries(vectors)) {
    const vector = parseVector(bytes);
    const isGood = vector.facts.get("expect") === "success";
    const expected = isGood ? vector.facts.get("payload") : "refused";
    if ((await outcome(vector)) !== expected) wrong.push(name);
  }
  expect(wrong).toEqual([]);
  expect(Object.keys(vectors).length).toBeGreaterThan(100);
});
