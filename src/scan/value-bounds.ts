/** Where values without a mark begin, and what shows them at a glance. */
import { table } from "./runs.ts";

/** How far a value may begin before its first run. */
const LONGEST_LEAD = 64;

/** What a value without a mark is made of. */
const IN_VALUE = table("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_-+/.");
/** What stands between a name and its value. */
const IN_GLUE = table(" \t\"'`:=\\");
const LONGEST_GLUE = 8;
const DIGIT = table("0123456789");

export function isValueByte(byte: number | undefined): boolean {
  return byte !== undefined && IN_VALUE[byte] === 1;
}

/** Where the value that holds the run begins; `undefined` when that is too far for any secret. */
export function leadOf(bytes: Uint8Array, start: number): number | undefined {
  let lead = start;
  while (lead > 0 && IN_VALUE[bytes[lead - 1] ?? 0] === 1) {
    lead--;
    if (start - lead > LONGEST_LEAD) return undefined;
  }
  return lead;
}

export function holdsDigit(bytes: Uint8Array, start: number, end: number): boolean {
  const last = Math.min(end, start + LONGEST_LEAD);
  for (let at = start; at < last; at++) if (DIGIT[bytes[at] ?? 0] === 1) return true;
  return false;
}

export function endsWithKey(bytes: Uint8Array, end: number): boolean {
  // Letters in ASCII differ from capitals in one bit.
  return (
    ((bytes[end - 1] ?? 0) | 0x20) === 0x79 &&
    ((bytes[end - 2] ?? 0) | 0x20) === 0x65 &&
    ((bytes[end - 3] ?? 0) | 0x20) === 0x6b
  );
}

/** Where the value begins that a name is given; `end` when there is no sign of one. */
export function afterGlue(bytes: Uint8Array, end: number): number {
  let start = end;
  while (start < end + LONGEST_GLUE && IN_GLUE[bytes[start] ?? 0] === 1) start++;
  return start;
}
