/** A source of unpredictable bytes; a seam for tests. */
export type Randomness = (sizeBytes: number) => Uint8Array;

export const systemRandomness: Randomness = (sizeBytes) => crypto.getRandomValues(new Uint8Array(sizeBytes));
