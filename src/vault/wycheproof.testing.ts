// Reads Wycheproof's vectors (C2SP/wycheproof, testvectors_v1) from `../shared/vectors` beside the checkout.
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";

const FOLDER = join(import.meta.dir, "../../../shared/vectors/wycheproof");

/** Tests of vectors are skipped, and say so, where the folder is absent. */
export const hasVectors = existsSync(FOLDER);

export type Vector = Readonly<Record<string, unknown>>;

/** Each test with the members of its group (key, sizes) beside its own. */
export function vectors(file: string): Vector[] {
  const document = JSON.parse(readFileSync(join(FOLDER, file), "utf8")) as {
    testGroups: { tests: Vector[] }[];
  };
  return document.testGroups.flatMap(({ tests, ...group }) => tests.map((test) => ({ ...group, ...test })));
}

export function hexAt(vector: Vector, name: string): Uint8Array {
  return new Uint8Array(Buffer.from(String(vector[name]), "hex"));
}
