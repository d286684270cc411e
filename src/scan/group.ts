import { type Finding, SEVERITIES } from "./finding.ts";

/** One secret with all the places where it was found; or one wrong setting. */
export interface FoundKey {
  readonly group: string;
  /** The most severe of its places, which stand in the order in which they were found. */
  readonly worst: Finding;
  readonly places: readonly Finding[];
}

/** The same key in five places is one key with five places. The most severe first, then as found. */
export function groupFindings(findings: Iterable<Finding>): FoundKey[] {
  const groups = new Map<string, Finding[]>();
  for (const finding of findings) {
    const places = groups.get(finding.group);
    if (places) places.push(finding);
    else groups.set(finding.group, [finding]);
  }
  return [...groups.values()]
    .flatMap((places) => {
      const [worst] = places.toSorted(bySeverity);
      return worst ? [{ group: worst.group, worst, places }] : [];
    })
    .toSorted((a, b) => bySeverity(a.worst, b.worst));
}

export function bySeverity(a: Finding, b: Finding): number {
  return SEVERITIES.indexOf(a.severity) - SEVERITIES.indexOf(b.severity);
}
