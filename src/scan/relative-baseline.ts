import { dirname, relative, sep } from "node:path";
import type { Baseline } from "./baseline.ts";
import type { Finding } from "./finding.ts";

/** Paths below a baseline's folder are written relative to it, so that the file serves everybody's checkout. */
export function relativeTo(baselinePath: string, finding: Finding): Finding {
  const inside = relative(dirname(baselinePath), finding.origin.path);
  if (inside.startsWith("..")) return finding;
  return { ...finding, origin: { ...finding.origin, path: inside.split(sep).join("/") } };
}

export function relativeBaseline(baselinePath: string, baseline: Baseline): Baseline {
  return { accepts: (finding) => baseline.accepts(relativeTo(baselinePath, finding)) };
}
