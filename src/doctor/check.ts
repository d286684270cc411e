/** `ok`: as it should be. `warn`: works, and will not for long, or not as wished. `fail`: broken. `skip`: not looked at. */
export type CheckStatus = "ok" | "warn" | "fail" | "skip";

/** One step of a diagnosis: looked at and sound, looked at and the cause, or left for the user to look at. */
export interface ChecklistItem {
  readonly text: string;
  readonly state: "sound" | "cause" | "open";
}

export interface CheckResult {
  readonly status: CheckStatus;
  /** What is so, in one sentence. */
  readonly what: string;
  /** Why, when it is not as it should be. */
  readonly why?: string | undefined;
  /** The steps of finding that out, those that were taken here first. */
  readonly checklist?: readonly ChecklistItem[] | undefined;
  /** What to do now: a command, or a sentence. */
  readonly next?: string | undefined;
  /** The page on which to do it. */
  readonly link?: string | undefined;
  /** What `doctor --fix` may do about it: only what cannot make anything worse. */
  readonly fix?: Fix | undefined;
}

export interface Fix {
  /** What it does, before it is done: "takes the rights of others away from 2 files". */
  readonly what: string;
  apply(): void | Promise<void>;
}

/** One thing that is looked at. Its `run` may throw: that is a failure of what it looks at. */
export interface Check {
  /** `group.what` or `group.what:subject`, stable. */
  readonly id: string;
  readonly title: string;
  readonly group: CheckGroup;
  /** Default {@link DEFAULT_LIMIT_MS}. */
  readonly limitMs?: number;
  run(): CheckResult | Promise<CheckResult>;
}

export const CHECK_GROUPS = [
  "machine",
  "program",
  "vault",
  "connections",
  "keys",
  "models",
  "budgets",
  "tools",
] as const;
export type CheckGroup = (typeof CHECK_GROUPS)[number];

export const DEFAULT_LIMIT_MS = 15_000;

export const ok = (what: string): CheckResult => ({ status: "ok", what });
export const skip = (what: string, next?: string): CheckResult => ({ status: "skip", what, next });
