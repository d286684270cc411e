/** Case-folded as the most tolerant readers do (`ſ` is an `s`, the Kelvin sign a `k`), without `_` and `-`. */
export function foldName(name: string): string {
  // Nearly all names are of small letters and underscores: for each member of a long conversation that has to be quick.
  let folded = "";
  let from = 0;
  for (let at = 0; at < name.length; at++) {
    const code = name.charCodeAt(at);
    if (code === UNDERSCORE) {
      folded += name.slice(from, at);
      from = at + 1;
    } else if (code < LOWER_A || code > LOWER_Z) {
      return name.toUpperCase().toLowerCase().replaceAll(/[_-]/g, "");
    }
  }
  return from === 0 ? name : folded + name.slice(from);
}

const UNDERSCORE = 0x5f;
const LOWER_A = 0x61;
const LOWER_Z = 0x7a;

/** Nothing but printable ASCII and control bytes: whatever was read as latin1 is the text itself. */
export function isAscii(text: string): boolean {
  for (let at = 0; at < text.length; at++) if (text.charCodeAt(at) > 0x7e) return false;
  return true;
}
