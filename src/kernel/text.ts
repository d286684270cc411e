/** A file or `echo` ends in a line break that is not part of what it holds: the last one is taken off. */
export function withoutLineEnd(text: string): string {
  return text.replace(/\r?\n$/, "");
}
