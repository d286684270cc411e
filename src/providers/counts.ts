import { isJsonObject, type Json, type JsonObject, numberAt, objectAt, type Usage } from "../kernel/index.ts";

/** No body that is carried holds as many tokens, and no answer; larger figures are taken for garbage. */
const MAX_COUNT = 1_000_000_000;

/** A count as it may be trusted: a whole number from 0 to 10⁹; anything else is as if not said. */
export function countAt(value: unknown, ...names: readonly string[]): number | undefined {
  for (const name of names) {
    const count = numberAt(value, name);
    if (count !== undefined && Number.isInteger(count) && count >= 0 && count <= MAX_COUNT) return count;
  }
  return undefined;
}

/** Whether one of the members was said, but is no such count. */
export function isGarbageAt(value: unknown, ...names: readonly string[]): boolean {
  if (!isJsonObject(value)) return false;
  return names.some((name) => (value[name] ?? null) !== null && countAt(value, name) === undefined);
}

/** Figures of which some were not said. */
export type SomeCounts = { readonly [Name in keyof Usage]?: Usage[Name] | undefined };

/** Drops what is undefined, so that it does not overwrite earlier readings. */
export function knownCounts(counts: SomeCounts): Partial<Usage> {
  const known: Record<string, unknown> = {};
  // For every request: a list of pairs made and unmade would cost more than reading the answer's JSON.
  for (const name in counts) {
    const value = counts[name as keyof Usage];
    if (value !== undefined) known[name] = value;
  }
  return known;
}

/** Total minus parts, never below 0; `clamped` when the provider's figures contradict each other. */
export function subtract(total: number, ...parts: readonly (number | undefined)[]): [number, boolean] {
  const rest = parts.reduce<number>((left, part) => left - (part ?? 0), total);
  return [Math.max(rest, 0), rest < 0];
}

/** The member as a list of objects; anything else in it is left out. */
export function objectsAt(value: unknown, name: string): JsonObject[] {
  const member: Json | undefined = isJsonObject(value) ? value[name] : undefined;
  return Array.isArray(member) ? member.filter(isJsonObject) : [];
}

/** Member of a member. */
export function countIn(value: unknown, group: string, name: string): number | undefined {
  return countAt(objectAt(value, group), name);
}
