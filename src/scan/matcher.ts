import { textOfPart } from "../kernel/index.ts";
import { afterDashes, afterEscape, mayCling } from "./escapes.ts";
import type { Form } from "./finding.ts";
import { HintIndex } from "./hint-index.ts";
import { MarkIndex } from "./mark-index.ts";
import { isIdentifier, isPlaceholder, isRandom } from "./plausible.ts";
import { BEFORE_CHARS, type ContextRule, type MarkedRule, NEAR_CHARS, type Rule } from "./rule.ts";
import { ShapeFilter } from "./shape-filter.ts";
import { escapedBeginning, mayFollowEscapedDash, type Spelled, spelledFrom } from "./spelled.ts";
import { afterGlue, endsWithKey, holdsDigit, leadOf } from "./value-bounds.ts";

/** A secret as offsets into the bytes that were looked at. */
export interface Match {
  readonly rule: Rule;
  readonly start: number;
  readonly end: number;
  readonly secret: string;
  /** How it is written, where that is not as it is. */
  readonly form?: Form;
}

/** No secret is looked at further than this. */
export const LONGEST_SECRET = 4096;

/** What all but private keys and signed tokens keep within: making longer strings for each run would cost more. */
const USUAL_SECRET = 256;

/** Tells what a run is, by the rules. */
export class Matcher {
  readonly #marks: MarkIndex;
  readonly #contextRules: readonly ContextRule[];
  /** The hints of all rules. */
  readonly #hints: HintIndex;
  readonly #shapes: ShapeFilter;
  readonly #wholeRules: readonly WholeRule[];

  constructor(rules: readonly Rule[]) {
    this.#marks = new MarkIndex(rules.filter((rule) => rule.kind === "marked"));
    this.#contextRules = rules.filter((rule) => rule.kind === "context");
    this.#hints = new HintIndex(new Set(this.#contextRules.flatMap((rule) => rule.hints)));
    this.#shapes = new ShapeFilter(this.#contextRules);
    this.#wholeRules = rules.filter((rule) => rule.kind === "marked").filter(isWholeRule);
  }

  /**
   * False where {@link match} finds nothing: a glance that looks at bytes only. It tells nineteen runs of twenty in
   * source text from secrets, so that only for the others strings are made and patterns tried.
   */
  mayMatch(bytes: Uint8Array, start: number, end: number): boolean {
    return (
      this.#mayBeMarked(bytes, start, end) ||
      (holdsDigit(bytes, start, end) && this.#mayBeNamed(bytes, start)) ||
      endsWithKey(bytes, end)
    );
  }

  /**
   * The secret that a run begins or is part of.
   * @param namesTell whether names in front of values count; not in lock files and minified code
   */
  match(bytes: Uint8Array, start: number, end: number, namesTell: boolean): Match | undefined {
    const unescaped = afterDashes(bytes, afterEscape(bytes, start), end);
    return (
      this.#marked(bytes, start) ??
      (unescaped === start ? undefined : this.#marked(bytes, unescaped)) ??
      this.#escaped(bytes, start) ??
      this.#named(bytes, start, end, namesTell) ??
      this.#afterName(bytes, end, namesTell)
    );
  }

  #mayBeMarked(bytes: Uint8Array, start: number, end: number): boolean {
    if (this.#marks.mayStandAt(bytes, start)) return true;
    if (!mayCling(bytes, start)) return false;
    if (mayFollowEscapedDash(bytes, start)) return true;
    return this.#marks.mayStandAt(bytes, afterDashes(bytes, afterEscape(bytes, start), end));
  }

  #mayBeNamed(bytes: Uint8Array, start: number): boolean {
    const lead = leadOf(bytes, start);
    if (lead === undefined) return false;
    const value = afterEscape(bytes, lead);
    return this.#shapes.mayBeginAt(bytes, value) || this.#isHinted(bytes, value);
  }

  #isHinted(bytes: Uint8Array, value: number): boolean {
    return this.#hints.standIn(bytes, Math.max(0, value - BEFORE_CHARS), value);
  }

  #marked(bytes: Uint8Array, start: number): Match | undefined {
    for (const rule of this.#marks.beginningAt(bytes, start)) {
      const match = matchAt(rule, bytes, start, textFrom(bytes, start, LONGEST_SECRET));
      const whole = isWholeRule(rule) ? wholeAt(rule, bytes, start, match) : undefined;
      if (whole ?? match) return whole ?? match;
    }
    const dotted = this.#marks.endingBefore(bytes, start);
    if (!dotted) return undefined;
    return matchAt(dotted.rule, bytes, dotted.start, textFrom(bytes, dotted.start, LONGEST_SECRET));
  }

  /** A mark of which the dashes are escaped: `sk%2Dproj%2D…`, `sk\\x2dant\\x2d…`. */
  #escaped(bytes: Uint8Array, start: number): Match | undefined {
    if (!mayFollowEscapedDash(bytes, start)) return undefined;
    const beginning = escapedBeginning(bytes, start);
    const spelled = beginning === undefined ? undefined : spelledFrom(bytes, beginning);
    if (beginning === undefined || !spelled) return undefined;
    for (const rule of this.#wholeRules) {
      if (!rule.marks.some((mark) => spelled.text.startsWith(mark))) continue;
      const match = spelledMatch(rule, beginning, spelled);
      if (match) return match;
    }
    return undefined;
  }

  #named(bytes: Uint8Array, start: number, end: number, namesTell: boolean): Match | undefined {
    if (!holdsDigit(bytes, start, end)) return undefined;
    const lead = leadOf(bytes, start);
    return lead === undefined ? undefined : this.#value(bytes, afterEscape(bytes, lead), namesTell);
  }

  /** A value that slashes cut into short rows is found by a long name before it: `AWS_SECRET_ACCESS_KEY=`. */
  #afterName(bytes: Uint8Array, end: number, namesTell: boolean): Match | undefined {
    if (!namesTell || !endsWithKey(bytes, end)) return undefined;
    const start = afterGlue(bytes, end);
    return start === end ? undefined : this.#value(bytes, start, namesTell);
  }

  #value(bytes: Uint8Array, start: number, namesTell: boolean): Match | undefined {
    const hinted = this.#isHinted(bytes, start);
    const shaped = this.#shapes.mayBeginAt(bytes, start);
    if (!hinted && !shaped) return undefined;
    const text = textFrom(bytes, start, USUAL_SECRET);
    const before = textOfPart(bytes, Math.max(0, start - BEFORE_CHARS), start, "latin1").toLowerCase();
    for (const rule of this.#contextRules) {
      if (!(namesTell || rule.everywhere)) continue;
      const isMeant =
        rule.hints.length > 0 ? hinted && rule.hints.some((hint) => before.includes(hint)) : shaped;
      if (!isMeant) continue;
      const match = matchNamed(rule, bytes, start, before, text);
      if (match) return match;
    }
    return undefined;
  }
}

type WholeRule = MarkedRule & { readonly whole: readonly RegExp[] };

function isWholeRule(rule: MarkedRule): rule is WholeRule {
  return rule.whole !== undefined;
}

/** The secret put together, or without what marks it in the text; `undefined` where `plain` is as good. */
function wholeAt(
  rule: WholeRule,
  bytes: Uint8Array,
  start: number,
  plain: Match | undefined,
): Match | undefined {
  const text = textFrom(bytes, start, USUAL_SECRET);
  for (const pattern of rule.whole) {
    const secret = matchOf(pattern, text);
    if (secret === undefined || !/^[_-]*(?![A-Za-z0-9_-])/.test(text.slice(secret.length))) continue;
    const isIt = secret !== plain?.secret && isPlausible(rule, secret);
    return isIt ? { rule, start, end: start + secret.length, secret } : undefined;
  }
  const spelled = spelledFrom(bytes, start);
  return spelled && spelledMatch(rule, start, spelled);
}

function spelledMatch(rule: WholeRule, start: number, { text, ends, form }: Spelled): Match | undefined {
  for (const pattern of rule.whole) {
    const secret = matchOf(pattern, text);
    if (secret === undefined || !isPlausible(rule, secret)) continue;
    const end = ends[secret.length - 1] ?? start;
    // What follows in one piece belongs to it, which makes it something else.
    const goesOn = ends[secret.length] === end + 1 && /[A-Za-z0-9]/.test(text.charAt(secret.length));
    if (!goesOn) return { rule, start, end, secret, form };
  }
  return undefined;
}

function matchNamed(
  rule: ContextRule,
  bytes: Uint8Array,
  start: number,
  before: string,
  text: string,
): Match | undefined {
  // The cheaper test goes first: the pattern of a rule without hints fails fast, see there.
  const beforeFirst = rule.hints.length > 0;
  if (beforeFirst && !rule.before.test(before)) return undefined;
  const match = matchAt(rule, bytes, start, text);
  if (!match || isIdentifier(match.secret)) return undefined;
  if (!beforeFirst && !rule.before.test(before)) return undefined;
  if (rule.near === undefined) return match;
  const around = textOfPart(bytes, Math.max(0, start - NEAR_CHARS), start + NEAR_CHARS, "latin1");
  return rule.near.test(around.toLowerCase()) ? match : undefined;
}

/** @param text what begins at `start`, or its first part */
function matchAt(rule: Rule, bytes: Uint8Array, start: number, text: string): Match | undefined {
  let secret = secretIn(rule, text);
  // It may go on after the part.
  if (secret?.length === USUAL_SECRET) secret = secretIn(rule, textFrom(bytes, start, LONGEST_SECRET));
  if (secret === undefined || !isPlausible(rule, secret)) return undefined;
  return { rule, start, end: start + secret.length, secret };
}

function isPlausible({ mayRepeat = false, minEntropyBits, accept }: Rule, secret: string): boolean {
  const isRepeat = !mayRepeat && isPlaceholder(secret);
  return !isRepeat && isRandom(secret, minEntropyBits) && (accept?.(secret) ?? true);
}

function secretIn({ pattern }: Rule, text: string): string | undefined {
  return matchOf(pattern, text);
}

function matchOf(pattern: RegExp, text: string): string | undefined {
  pattern.lastIndex = 0;
  return pattern.exec(text)?.[0];
}

function textFrom(bytes: Uint8Array, start: number, chars: number): string {
  return textOfPart(bytes, start, Math.min(bytes.length, start + chars), "latin1");
}
