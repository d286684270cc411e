import type { ListedModel, Match, PriceList } from "./price-data.ts";

/** Suffixes that name a snapshot of the same model: a date, or a three-digit version (`gemini-2.0-flash-001`). */
const SNAPSHOT =
  /[-@](?:20\d\d-\d\d-\d\d|20\d{6}|\d\d-20\d\d|(?:0[1-9]|1[0-2])-[0-3]\d|(?:0[1-9]|1[0-2])[0-3]\d|2[3-9](?:0[1-9]|1[0-2])|00\d)$/;

/** Names that the data means, and prices, but does not spell out: name → the data's id. */
const MEANT: ReadonlyMap<string, string> = new Map([
  ["claude-2.0", "claude-2"],
  ["claude-2.1", "claude-2"],
]);

/** Finds models of one list by their exact names. */
export interface ModelNames {
  /** Only for a known name, or one that differs from it by a snapshot suffix. */
  find(name: string): ListedModel | undefined;
  /** A known name that begins like this one: to be shown, never to be priced by. */
  suggest(name: string): string | undefined;
}

/**
 * The data's own matching goes by prefixes and maps a new model to an older one; a wrong price is worse than none.
 * So only names that the data spells out count.
 */
export function modelNames(list: PriceList): ModelNames {
  const byName = new Map<string, ListedModel>();
  for (const model of list.models) {
    for (const name of [model.id, ...spelledOut(model.match)]) {
      if (!byName.has(name.toLowerCase())) byName.set(name.toLowerCase(), model);
    }
  }
  return {
    find(name) {
      const wanted = plainName(name);
      const plain = wanted.replace(SNAPSHOT, "");
      return byName.get(wanted) ?? byName.get(plain) ?? byName.get(MEANT.get(plain) ?? plain);
    },
    suggest: (name) => nearest(plainName(name), byName.keys()),
  };
}

/** Whether a name is another one for the same model, or that of a snapshot of it: `gpt-4o-2024-08-06` of `gpt-4o`. */
export function isSameModel(name: string, of: string): boolean {
  const [one, other] = [plainName(name), plainName(of)];
  return one === other || one.replace(SNAPSHOT, "") === other.replace(/-latest$/, "");
}

/** Gemini writes `models/…` before its names. */
function plainName(name: string): string {
  return name
    .trim()
    .toLowerCase()
    .replace(/^models\//, "");
}

function spelledOut(match: Match): string[] {
  if ("or" in match) return match.or.flatMap(spelledOut);
  if ("and" in match) return match.and.flatMap(spelledOut);
  if ("equals" in match) return [match.equals];
  return "starts_with" in match ? [match.starts_with] : [];
}

/** The longest known name that this one goes on from; else the one that shares most, if it is half of the name. */
function nearest(name: string, known: Iterable<string>): string | undefined {
  const candidates = [...known]
    .map((candidate) => ({ candidate, length: commonLength(name, candidate) }))
    .sort((a, b) => b.length - a.length || a.candidate.length - b.candidate.length);
  const begins = candidates.find(({ candidate, length }) => length === candidate.length && length > 0);
  const similar = candidates.find(({ length }) => length > 0 && length * 2 >= name.length);
  return (begins ?? similar)?.candidate;
}

function commonLength(a: string, b: string): number {
  let length = 0;
  while (length < a.length && a[length] === b[length]) length += 1;
  return length;
}
