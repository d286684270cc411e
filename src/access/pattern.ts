/**
 * Whether `text` matches a pattern in which `*` stands for any run of characters, the empty one included, and
 * everything else for itself. Takes time linear in the text for each piece between stars, and no more memory.
 */
export function matchesPattern(pattern: string, text: string): boolean {
  const [start = "", ...rest] = pattern.split("*");
  const end = rest.pop();
  if (end === undefined) return text === start;
  if (text.length < start.length + end.length || !text.startsWith(start) || !text.endsWith(end)) return false;

  // Each piece at its first place: leaving more text for those behind it can only help.
  let from = start.length;
  const limit = text.length - end.length;
  for (const piece of rest) {
    const at = text.indexOf(piece, from);
    if (at < 0 || at + piece.length > limit) return false;
    from = at + piece.length;
  }
  return true;
}

/** Whether any pattern matches. An empty list matches nothing: what that means is the caller's to decide. */
export function matchesAny(patterns: readonly string[], text: string): boolean {
  return patterns.some((pattern) => matchesPattern(pattern, text));
}
