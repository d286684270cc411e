import type { Severity } from "./finding.ts";
import type { Readers } from "./origin.ts";

const RAISED: Readonly<Record<Severity, Severity>> = {
  critical: "critical",
  high: "critical",
  medium: "high",
  low: "medium",
  info: "info",
};

/** A secret that others than its owner can read is a step worse. */
export function severityAt(severity: Severity, readers: Readers | undefined): Severity {
  return readers === undefined || readers === "owner" ? severity : RAISED[severity];
}
