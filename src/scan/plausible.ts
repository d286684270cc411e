/**
 * Tells secrets from what people write in their place. Only for what already has the shape of a secret: each test
 * here would be much too eager for ordinary text, and none hits a random key more than once in some ten thousand.
 */

/** Words and rows that stand in examples. A random key of 100 characters holds one of them by chance in 1 of 5,000. */
const PLACEHOLDER =
  /x{5}|\*{3}|\.{3}|<|example|placeholder|changeme|change[_-]me|redacted|replace|insert|your[-_]|yourkey|yourapi|dummy|sample|0{8}|1{8}|a{8}|01234567|12345678|23456789|98765432|87654321|abcdefgh|deadbeef|foobar/i;

/**
 * Parts of values that documentation prints and everybody copies: RFC 6749 and 7519, jwt.io, Supabase's demo, GitHub,
 * Google Maps and Firebase, Telegram, Discord, Stripe, Azurite and the Cosmos DB emulator, age.
 */
const PUBLISHED =
  /2YotnFZFEjr1|czZCaGRSa3F0|dBjftJeZ4CVP|SflKxwRJSMeKKF2QT4|zdXBhYmFzZS1kZW1v|16C7e42F292c6912|DaGmWKa4JsXZ|DOCAbC123dEf456|HdqTcvCH1vGWJxf|4NjIyNDgzNDcxOTI1MjQ4|4eC39HqLyjWDarjt|BQokikJOvBiI2Hl|tR3PYbcVNZZ796t|8vdM02xNOcqFlqUwJPLl|2y6yDjf5\/R\+ob0N8A7C|GFPYYSJZGFPYYSJZ/;

/** In values without a mark, where the name alone says that it is a secret. */
const PLACEHOLDER_VALUE =
  /secret[-_]?key|api[-_]?key|test|fake|mock|demo|todo|none|null|undefined|default|password|enter|here/i;

const DEFAULT_ENTROPY_BITS = 3;

export function isPlaceholder(secret: string): boolean {
  return PLACEHOLDER.test(secret) || PUBLISHED.test(secret);
}

export function isPlaceholderValue(value: string): boolean {
  return isPlaceholder(value) || PLACEHOLDER_VALUE.test(value);
}

/** Whether the characters are as mixed as those of a random value. */
export function isRandom(secret: string, minEntropyBits = DEFAULT_ENTROPY_BITS): boolean {
  return entropyBits(secret) >= minEntropyBits;
}

/** Shannon entropy in bits per character, by how often each character of this text stands in it. */
export function entropyBits(text: string): number {
  const counts = new Map<string, number>();
  for (const char of text) counts.set(char, (counts.get(char) ?? 0) + 1);
  let bits = 0;
  for (const count of counts.values()) {
    const share = count / text.length;
    bits -= share * Math.log2(share);
  }
  return bits;
}

const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/i;
const DIGEST = /^(?:sha\d{1,3}|md5|blake\w*)[-:]/i;

/** Values that are random and no secrets. */
export function isIdentifier(value: string): boolean {
  return UUID.test(value) || DIGEST.test(value);
}

/**
 * Whether a value without a mark was generated rather than written: how often neighbours change between small letters,
 * capitals and digits. Random letters and digits do at 6 of 10 places and hex digits at 5, `aLongNameInCode2` at 4,
 * words at none. About 1 random value in 100 fails.
 */
export function looksGenerated(value: string): boolean {
  let changes = 0;
  let digits = 0;
  let capitals = 0;
  for (let at = 0; at < value.length; at++) {
    const kind = kindOf(value.charCodeAt(at));
    if (kind === "digit") digits++;
    if (kind === "capital") capitals++;
    const before = at === 0 ? "other" : kindOf(value.charCodeAt(at - 1));
    if (kind !== before && kind !== "other" && before !== "other") changes++;
  }
  const share = changes / (value.length - 1);
  return capitals > 0 && capitals + digits < value.length
    ? (digits >= 2 && share >= 0.38) || (digits === 1 && share >= 0.5)
    : digits >= 3 && share >= 0.2;
}

function kindOf(code: number): "small" | "capital" | "digit" | "other" {
  if (code >= 97 && code <= 122) return "small";
  if (code >= 65 && code <= 90) return "capital";
  if (code >= 48 && code <= 57) return "digit";
  return "other";
}
