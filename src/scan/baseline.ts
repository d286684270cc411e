import type { Finding } from "./finding.ts";

/** Findings that somebody has looked at and accepted: they are left out of later scans. */
export interface Baseline {
  accepts(finding: Finding): boolean;
}
