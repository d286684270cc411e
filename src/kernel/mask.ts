/**
 * Takes secrets out of text that others wrote: provider messages, error causes, file contents shown to a user.
 * Known values go first, in whatever form; then everything that has the shape of a credential.
 */
const PREFIXED: readonly RegExp[] = [
  /sk-ownkey-[A-Za-z0-9._-]{6,}/g,
  /\bsk-[A-Za-z0-9_*.-]{8,}/g,
  /\bAIza[0-9A-Za-z_-]{10,}/g,
  /\bAQ\.[0-9A-Za-z_-]{10,}/g,
  /\b(?:gsk_|xai-|ABSK|bedrock-api-key-)[0-9A-Za-z_+/=-]{10,}/g,
  /\beyJ[0-9A-Za-z_-]{8,}\.[0-9A-Za-z_-]{8,}\.[0-9A-Za-z_-]*/g,
  /\bAGE-SECRET-KEY-[0-9A-Z]{10,}/g,
  /((?:Bearer|Basic)\s+)[0-9A-Za-z._~+/=-]{8,}/gi,
  /([?&](?:key|api[-_]?key|access_token|token|code)=)[^&\s"'<>]+/gi,
];

/** Keys without a mark of their own (Azure, Mistral) look like any digest or random name. */
const OPAQUE: readonly RegExp[] = [/\b[0-9A-Za-z]{70,}\b/g, /\b[0-9a-f]{32}\b/g];

/** Whether text holds something with the shape of a credential; a path may hold a digest. */
export function hasSecretShape(text: string): boolean {
  const shapes = text.includes("/") ? PREFIXED : [...PREFIXED, ...OPAQUE];
  return shapes.some((shape) => text.search(shape) >= 0);
}

export function maskSecrets(text: string, known: readonly string[] = []): string {
  let masked = text;
  for (const value of known) {
    if (value.length >= 4) masked = masked.replaceAll(value, maskValue(value));
  }
  for (const shape of [...PREFIXED, ...OPAQUE]) {
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
