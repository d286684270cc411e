import type { KeyPlace } from "../plan/candidate.ts";
import { ownerName } from "../plan/owner-name.ts";

export interface FoundAt {
  /** In a word: whose file it is, or the folder that it is in. */
  readonly name: string;
  readonly path: string;
}

/** The place by which a key is told from others: where it is used, rather than where it was only mentioned. */
export function foundAt(places: readonly KeyPlace[]): FoundAt | undefined {
  const inFiles = places.filter(({ file }) => file !== undefined);
  const place = inFiles.find(({ purpose }) => purpose !== "history") ?? inFiles[0];
  return place?.file === undefined ? undefined : { name: ownerName(place.file, place), path: place.file };
}
