import type { Severity } from "./finding.ts";

/**
 * A format of secrets as data. What the engine calls a *run* is a longest row of letters, digits, `_` and `-`; a rule
 * is tried only where a run of at least {@link Rule.trigger} begins, on a window of bounded size around it.
 */
export interface Rule {
  /** Stable: baselines and allow comments name it. */
  readonly id: string;
  /** For people: "OpenAI project key". */
  readonly title: string;
  readonly severity: Severity;
  /** Provider or preset, as `ownkey keys add` takes it, when the format is that of one alone. */
  readonly provider?: string;
  /**
   * Literal beginnings of the secret, one of which must stand where the match begins; or `context`: the secret has
   * no mark of its own, and what stands before it on the same line or shortly before must say what it is.
   */
  readonly trigger: readonly string[] | "context";
  /**
   * Sticky (`y`), linear in time, matched where the secret begins; the whole match, or its first group, is the secret.
   */
  readonly pattern: RegExp;
  /** For `context` rules: tested against up to 256 characters before the secret (lower case). */
  readonly before?: RegExp;
  /** Further conditions on the secret that a pattern does not say, such as a checksum. */
  readonly accept?: (secret: string) => boolean;
  /** Least Shannon entropy in bits per character; the default suits random letters and digits. */
  readonly minEntropyBits?: number;
  /** Leave out the placeholder test: for private keys, whose body is not looked at. */
  readonly trusted?: boolean;
  /** What to do about it; the engine has a sentence for those that have none. */
  readonly fix?: string;
  /** Texts in which the rule must find something; made at run time, so that no key-shaped text stands in a file. */
  readonly findsIn: () => readonly string[];
  /** Texts in which it must find nothing: look-alikes. */
  readonly findsNothingIn: () => readonly string[];
}
