import type { PeriodRule } from "./calendar/period.ts";
import type { Subject } from "./subject.ts";

/** An amount per period for a subject. Stored with a row MAC. */
export interface Budget extends PeriodRule {
  readonly id: string;
  readonly subject: Subject;
  /** For people: the subject with the names that things had when it was set, and the period: `vk:laptop/month`. */
  readonly name: string;
  readonly limitNanos: bigint;
  /** True: no request leaves that could go beyond it. False: requests are watched, and streams cut at its end. */
  readonly hard: boolean;
  /** Fields of requests, and `unpriced`, that are let through though their cost has no proven bound. */
  readonly allow: readonly string[];
  /** Raised with every change. */
  readonly generation: number;
  /** The life of the store in which it was last set: before that nobody knows what was spent. */
  readonly lineage: string;
  readonly createdAtMs: number;
  readonly setAtMs: number;
}
