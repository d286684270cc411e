import { textOfPart } from "./bytes.ts";
import { foldedHash } from "./fold-name.ts";

interface Known {
  readonly name: string;
  readonly bytes: Uint8Array;
}

/** Names held; each has one place, which the next name of the same hash takes. */
const PLACES = 1024;
const places: (Known | undefined)[] = Array.from({ length: PLACES });
/** Longer ones are no names that come again. */
const MAX_NAME_BYTES = 64;

/**
 * A part as UTF-8 text. Meant for names of members: documents of one kind repeat the same ones, and comparing bytes takes
 * less than making a text of them, which then has to be looked up letter by letter.
 */
export function nameOfPart(bytes: Uint8Array, start: number, end: number): string {
  const length = end - start;
  if (length === 0 || length > MAX_NAME_BYTES) return textOfPart(bytes, start, end);
  const place = foldedHash(bytes, start, end) & (PLACES - 1);
  const known = places[place];
  if (known !== undefined && isSame(known.bytes, bytes, start, length)) return known.name;
  const name = textOfPart(bytes, start, end);
  places[place] = { name, bytes: bytes.slice(start, end) };
  return name;
}

function isSame(known: Uint8Array, bytes: Uint8Array, start: number, length: number): boolean {
  if (known.length !== length) return false;
  for (let at = 0; at < length; at++) if (known[at] !== bytes[start + at]) return false;
  return true;
}
