import { type Entry, nameOf } from "./entry.ts";

/**
 * The entries, and one more for each object with a `name` and a `value`, as editors write lists of variables:
 * `[{ "name": "ANTHROPIC_BASE_URL", "value": "…" }]` sets that variable.
 */
export function withNamedPairs(entries: readonly Entry[]): Entry[] {
  const parents = Map.groupBy(
    entries.filter((entry) => ["name", "value"].includes(nameOf(entry))),
    ({ path }) => JSON.stringify(path.slice(0, -1)),
  );
  const pairs = [...parents.values()].flatMap((parts) => {
    const name = parts.find((part) => nameOf(part) === "name");
    const value = parts.find((part) => nameOf(part) === "value");
    return name && value ? [{ ...value, path: [...value.path.slice(0, -1), name.value] }] : [];
  });
  return [...entries, ...pairs];
}
