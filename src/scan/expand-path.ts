import { existsSync, readdirSync } from "node:fs";
import { join, parse, sep } from "node:path";
import { matchesSegment } from "../tools/index.ts";

/** More in one folder is looked at no further: a pattern is meant for a handful of files. */
const MOST_NAMES = 10_000;

/** The existing paths that a path with `*` in some segments stands for, in the order of their names. */
export function expandPath(pattern: string): string[] {
  const { root } = parse(pattern);
  const segments = pattern.slice(root.length).split(sep);
  let paths = [root];
  for (const [index, segment] of segments.entries()) {
    const isLast = index === segments.length - 1;
    if (!segment.includes("*")) {
      paths = paths.map((path) => join(path, segment));
      if (isLast) paths = paths.filter((path) => existsSync(path));
    } else {
      paths = paths.flatMap((path) =>
        namesIn(path)
          .filter((name) => matchesSegment(segment, name))
          .map((name) => join(path, name)),
      );
    }
  }
  return paths;
}

function namesIn(folder: string): string[] {
  try {
    return readdirSync(folder).toSorted().slice(0, MOST_NAMES);
  } catch {
    // Not there, not a folder, or not for us: then the pattern stands for nothing.
    return [];
  }
}
