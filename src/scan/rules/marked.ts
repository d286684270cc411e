import type { Severity } from "../finding.ts";
import type { MarkedRule } from "../rule.ts";
import { inUsualPlaces } from "./sample.ts";

export interface MarkedRuleInput {
  readonly id: string;
  readonly title: string;
  readonly severity: Severity;
  readonly provider?: string;
  readonly marks: readonly string[];
  /** The secret from its mark on, without anchors. */
  readonly pattern: RegExp;
  /** The same for {@link MarkedRule.whole}. */
  readonly whole?: readonly RegExp[];
  readonly accept?: (secret: string) => boolean;
  readonly minEntropyBits?: number;
  readonly fix?: string;
  /** Whole secrets; they are put where people have them. */
  readonly secrets: () => readonly string[];
  readonly findsNothingIn: () => readonly string[];
}

/** What must not follow: more of the same (but for the end of a comment), or the dots and stars of a shortened display (`…` in bytes of UTF-8). */
const END = String.raw`(?![A-Za-z0-9_]|-(?!->)|\.\.|\*{3}|\xe2\x80\xa6)`;

/** A rule for secrets with a mark. */
export function marked({ pattern, whole, secrets, ...facts }: MarkedRuleInput): MarkedRule {
  return {
    ...facts,
    kind: "marked",
    pattern: new RegExp(`(?:${pattern.source})${END}`, "y"),
    ...(whole ? { whole: whole.map(({ source }) => new RegExp(source, "y")) } : {}),
    findsIn: () => secrets().flatMap(inUsualPlaces),
  };
}
