/**
 * Takes secrets out of text that others wrote: provider messages, error causes, file contents shown to a user.
 * Known values go first, in every form they may stand in; then everything that has the shape of a credential.
 */

/** Shapes with a mark of their own. A first group is kept: it is not part of the secret. */
const MARKED: readonly RegExp[] = [
  /sk-ownkey-[A-Za-z0-9._-]{6,}/g,
  // Not what this file has already masked: `sk-ant-api03-…abcd`.
  /\bsk-[A-Za-z0-9_*.-]{8,}(?![A-Za-z0-9_*.…-])/g,
  /\bAIza[0-9A-Za-z_-]{10,}/g,
  /\bAQ\.[0-9A-Za-z_-]{10,}/g,
  /\bya29\.[0-9A-Za-z_-]{10,}/g,
  /\b(?:gsk_|xai-|ABSK|bedrock-api-key-)[0-9A-Za-z_+/=-]{10,}/g,
  /\b(?:gh[oprsu]_|github_pat_)[0-9A-Za-z_]{16,}/g,
  /\beyJ[0-9A-Za-z_-]{8,}\.[0-9A-Za-z_-]{8,}\.[0-9A-Za-z_-]*/g,
  /\bwhsec_[0-9A-Za-z+/]{16,}={0,2}/g,
  /\bAGE-SECRET-KEY-[0-9A-Z-]{10,}/g,
  // Prose says "Bearer authentication": a credential holds a digit or is long.
  /\b((?:Bearer|Basic)\s+)(?=[A-Za-z._~+/=-]*\d|\S{20})[0-9A-Za-z._~+/=-]{8,}/gi,
  /([?&](?:key|api[-_]?key|access_token|token|code)=)[^&\s"'<>\\…]+/gi,
];

/** Keys without a mark (Azure, Mistral) look like any digest or random name. Public age recipients are as long. */
const OPAQUE: readonly RegExp[] = [
  /\b(?!age1)[0-9A-Za-z]{70,}\b/g,
  /\b[0-9a-f]{32}\b/g,
  /\b(?=[0-9A-Z]*[a-z])(?=[0-9a-z]*[A-Z])(?=[A-Za-z]*\d)[0-9A-Za-z]{32}\b/g,
];

/** Shorter values would take ordinary words out of a text. */
const SHORTEST_KNOWN = 4;

/** Whether text holds something with the mark of a credential. */
export function hasSecretMark(text: string): boolean {
  return MARKED.some((shape) => text.search(shape) >= 0);
}

/** Whether the whole text looks like a credential without a mark; a digest or a random name may look the same. */
export function isOpaqueSecret(text: string): boolean {
  return OPAQUE.some((shape) => text.replace(shape, "") === "") && text !== "";
}

/** The text with known values and everything shaped like a credential replaced by hints. Masking twice changes nothing. */
export function maskSecrets(text: string, known: readonly string[] = []): string {
  let masked = text;
  const values = known.filter((value) => value.length >= SHORTEST_KNOWN);
  // The longest first: a value within another one must not leave the rest of that one behind.
  for (const value of values.toSorted((a, b) => b.length - a.length)) {
    for (const form of formsOf(value)) masked = masked.replaceAll(form, () => maskValue(value));
  }
  for (const shape of [...MARKED, ...OPAQUE]) {
    masked = masked.replace(shape, (whole: string, prefix: unknown) =>
      typeof prefix === "string" ? `${prefix}…` : maskValue(whole),
    );
  }
  return masked;
}

/**
 * A hint that tells two keys apart without giving one away: at most the family prefix and, for long values,
 * the last four characters.
 */
export function maskValue(value: string): string {
  const prefix =
    /^(?:sk-ant-[a-z]+\d\d-|sk-(?:proj|svcacct|admin|or-v1|ownkey)-|sk-|AIza|AQ\.|gsk_|xai-)/.exec(
      value,
    )?.[0];
  const tail = value.length >= 24 ? value.slice(-4) : "";
  return `${prefix ?? ""}…${tail}`;
}

/** As it is, in a URL, in JSON, and as Basic credentials and logs encode it. */
function formsOf(value: string): readonly string[] {
  const forms = [
    value,
    encodeURIComponent(value.toWellFormed()),
    JSON.stringify(value).slice(1, -1),
    Buffer.from(value).toString("base64"),
    Buffer.from(value).toString("base64url"),
  ];
  return [...new Set(forms)];
}
