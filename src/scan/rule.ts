import type { Severity } from "./finding.ts";

/**
 * A format of secrets as data. Rules are tried only at runs (runs.ts) and on a window of bounded size, so that the
 * time for a text grows with its length only; their own patterns must be linear as well.
 */
export type Rule = MarkedRule | ContextRule;

interface RuleFacts {
  /** Stable: baselines and allow comments name it. */
  readonly id: string;
  /** For people: "OpenAI project key". */
  readonly title: string;
  readonly severity: Severity;
  /** Provider or preset, as `ownkey keys add` takes it, when the format is that of one alone. */
  readonly provider?: string;
  /** Further conditions on the secret, such as a checksum. */
  readonly accept?: (secret: string) => boolean;
  /** Shannon entropy that the secret must have, in bits per character; 3 unless given. */
  readonly minEntropyBits?: number;
  /** For formats of which long rows of one letter are part: it is not asked whether the secret is a placeholder. */
  readonly mayRepeat?: boolean;
  /** What to do about it, where there is more to say than "take it out and replace it". */
  readonly fix?: string;
  /** Texts in which the rule must find something; made at run time, so that no key-shaped text stands in a file. */
  readonly findsIn: () => readonly string[];
  /** Look-alikes, in which no rule may find anything. */
  readonly findsNothingIn: () => readonly string[];
}

/** A secret that its own beginning gives away, anywhere. */
export interface MarkedRule extends RuleFacts {
  readonly kind: "marked";
  /**
   * Literal beginnings, each of at least 3 bytes. They end within the run, or with a dot right before it: then the
   * part after the dot is the run.
   */
  readonly marks: readonly string[];
  /** Sticky; matched where the mark begins. The whole match is the secret. */
  readonly pattern: RegExp;
  /**
   * Sticky; what whole secrets are certain to be, where their makers have let that be seen, the likeliest first. With it
   * a secret is put together that is escaped, or that goes on in the next line or string.
   */
  readonly whole?: readonly RegExp[];
  /** Ownkey's own virtual keys and tool tokens: whoever runs the scan may tell real ones by their checksum. */
  readonly own?: boolean;
}

/** A secret without a mark: what stands before it must say what it is. */
export interface ContextRule extends RuleFacts {
  readonly kind: "context";
  /**
   * Sticky; matched where the value begins: at the first of the letters, digits and `_-+/.` that hold the run. The
   * whole match is the secret.
   */
  readonly pattern: RegExp;
  /**
   * Small words, of two letters at least, of which one must stand in the text before the value: a cheap look before the
   * patterns. Where there is none, {@link shape} is looked at.
   */
  readonly hints: readonly string[];
  /** Of a rule without hints: what its values begin with and how long they are, all of letters, digits and `_-+/.`. */
  readonly shape?: ValueShape;
  /** Must match the text before the value, in lower case, at most {@link BEFORE_CHARS} of it; ends with `$`. */
  readonly before: RegExp;
  /** Must match somewhere in {@link NEAR_CHARS} before and after the value's beginning, in lower case. */
  readonly near?: RegExp;
  /** Looked for in lock files, checksum lists and minified code too, which are full of random names. */
  readonly everywhere?: boolean;
}

export interface ValueShape {
  /** The characters of which a value begins with one. */
  readonly begins: string;
  /** In bytes, at most 255. */
  readonly shortest: number;
}

export const BEFORE_CHARS = 160;
export const NEAR_CHARS = 300;
