import { randomBytes } from "node:crypto";

/** A source of unpredictable bytes; a seam for tests. */
export type Randomness = (sizeBytes: number) => Uint8Array;

export const systemRandomness: Randomness = (sizeBytes) => new Uint8Array(randomBytes(sizeBytes));
