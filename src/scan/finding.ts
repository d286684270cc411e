import type { Secret } from "../kernel/index.ts";
import type { ScanNotice } from "./notice.ts";
import type { Origin } from "./origin.ts";

/**
 * `critical`: whoever reads it can spend money or take over an account, and others can read it. `high`: a live secret
 * in plain text. `medium`: likely a secret, or one that others can hardly reach. `low`: short-lived or doubtful.
 * `info`: nothing to mend, such as one of Ownkey's own virtual keys.
 */
export type Severity = "critical" | "high" | "medium" | "low" | "info";

/** From the most urgent on: for sorting. */
export const SEVERITIES: readonly Severity[] = ["critical", "high", "medium", "low", "info"];

/** How a secret was written at the place where it was found. */
export type Form = "plain" | "base64" | "url" | "json" | "wrapped";

/** One secret at one place, or one wrong setting. Holds no secret in a printable form. */
export interface Finding {
  readonly type: "finding";
  /** Id of the rule: `openai-project`, `settings/base-url`. Stable, for baselines and allow comments. */
  readonly rule: string;
  /** What was found, for people: "OpenAI project key". */
  readonly title: string;
  readonly severity: Severity;
  readonly origin: Origin;
  /** From 1. 0 for what has no lines: a setting of a whole file, its permissions. */
  readonly line: number;
  /** From 1, in characters; 0 with line 0. */
  readonly column: number;
  /** A hint that gives nothing away; empty when the finding is not about a secret. */
  readonly masked: string;
  readonly form: Form;
  /** The same for the same secret everywhere in one run, and only there: it is made with a random key of the run. */
  readonly group: string;
  /** Set when the vault holds this key: its name and its `fp_…`. */
  readonly knownKey?: string;
  readonly fingerprint?: string;
  /** Provider or preset whose key it is, as `ownkey keys add` takes it, when that is certain. */
  readonly provider?: string;
  /** Host of the Azure resource that stands beside the key, when it is one alone. */
  readonly endpoint?: string;
  /** What to do about it, as one sentence or command. */
  readonly fix: string;
  /** For taking it into the vault or testing it on request; prints as `[secret]`. */
  readonly secret?: Secret;
}

export type ScanEvent = Finding | ScanNotice;

/** What `--json` prints for a finding (contract: scan item). */
export interface FindingDocument {
  readonly rule: string;
  readonly title: string;
  readonly severity: Severity;
  readonly path: string;
  readonly line: number;
  readonly column: number;
  readonly commit?: string;
  readonly masked: string;
  readonly fingerprint?: string;
  readonly knownKey?: string;
  readonly readers?: string;
  readonly fix: string;
}

export function findingDocument(finding: Finding): FindingDocument {
  const { rule, title, severity, origin, line, column, masked, fingerprint, knownKey, fix } = finding;
  return {
    rule,
    title,
    severity,
    path: origin.path,
    line,
    column,
    ...(origin.commit === undefined ? {} : { commit: origin.commit }),
    masked,
    ...(fingerprint === undefined ? {} : { fingerprint }),
    ...(knownKey === undefined ? {} : { knownKey }),
    ...(origin.readers === undefined ? {} : { readers: origin.readers }),
    fix,
  };
}
