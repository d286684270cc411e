import { utf8 } from "../kernel/index.ts";
import type { Form } from "./finding.ts";

/** The bytes in which a key may be written; escapes and line ends within them are the comparison's business. */
export interface KnownForm {
  readonly form: Form;
  readonly bytes: Uint8Array;
}

/**
 * Plain, and in base64, alone or within something longer: there its first and last letter depend on what stands around
 * it, and it begins at one of three places of the group of three bytes.
 */
export function formsOf(value: string): readonly KnownForm[] {
  const plain = utf8(value);
  const encoded = [0, 1, 2].flatMap((lead) =>
    (["base64", "base64url"] as const).map((encoding) => inner(plain, lead, encoding)),
  );
  return [
    { form: "plain", bytes: plain },
    ...[...new Set(encoded)].map((text) => ({ form: "base64", bytes: utf8(text) }) as const),
  ];
}

const BITS_PER_LETTER = 6;

/** The letters that the value alone decides, when `lead` bytes stand before it. */
function inner(value: Uint8Array, lead: number, encoding: "base64" | "base64url"): string {
  const padded = Buffer.concat([Buffer.alloc(lead), value]);
  const first = Math.ceil((lead * 8) / BITS_PER_LETTER);
  const end = Math.floor((padded.length * 8) / BITS_PER_LETTER);
  return padded.toString(encoding).slice(first, end);
}
