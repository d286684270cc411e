import { maskSecrets, toAppError } from "../kernel/index.ts";
import { type Check, type CheckResult, DEFAULT_LIMIT_MS, type Fix } from "./check.ts";

/** A check with its outcome. Nothing in it holds a secret. */
export interface CheckOutcome extends Omit<CheckResult, "fix"> {
  readonly id: string;
  readonly title: string;
  readonly group: Check["group"];
  /** What `--fix` would do. */
  readonly fixable?: string | undefined;
  /** What `--fix` has done. */
  readonly fixed?: string | undefined;
  readonly durationMs: number;
}

export interface RunOptions {
  readonly fix: boolean;
  /** Called as each one ends. */
  onOutcome?(outcome: CheckOutcome): void;
}

/** Runs all at once, each within its time limit. Outcomes come in the order of the checks. Never rejects. */
export async function runChecks(checks: readonly Check[], options: RunOptions): Promise<CheckOutcome[]> {
  return await Promise.all(
    checks.map(async (check) => {
      const outcome = await runCheck(check, options);
      options.onOutcome?.(outcome);
      return outcome;
    }),
  );
}

/** One check; with `fix` it is mended if that is safe, and looked at again. */
export async function runCheck(check: Check, { fix }: Pick<RunOptions, "fix">): Promise<CheckOutcome> {
  const startMs = performance.now();
  const first = await limited(check);
  const { id, title, group } = check;
  const done = (result: CheckResult, fixed?: string): CheckOutcome => {
    const { fix: left, ...rest } = masked(result);
    return {
      id,
      title,
      group,
      ...rest,
      ...(left ? { fixable: left.what } : {}),
      ...(fixed === undefined ? {} : { fixed }),
      durationMs: Math.round(performance.now() - startMs),
    };
  };
  if (!fix || !first.fix) return done(first);
  const failure = await failureOf(first.fix);
  if (failure !== undefined) return done({ ...first, why: `it could not be mended: ${failure}` });
  return done(await limited(check), first.fix.what);
}

async function failureOf(fix: Fix): Promise<string | undefined> {
  try {
    await fix.apply();
    return undefined;
  } catch (error) {
    return wordsOf(error);
  }
}

async function limited(check: Check): Promise<CheckResult> {
  const limitMs = check.limitMs ?? DEFAULT_LIMIT_MS;
  const late = Promise.withResolvers<CheckResult>();
  const timer = setTimeout(
    () =>
      late.resolve({ status: "fail", what: `no result within ${limitMs / 1000} s`, next: "run it again" }),
    limitMs,
  );
  try {
    // A check may throw before its first wait.
    return await Promise.race([Promise.resolve().then(() => check.run()), late.promise]);
  } catch (error) {
    const { message, hint } = toAppError(error);
    return { status: "fail", what: `it could not be looked at: ${message}`, next: hint };
  } finally {
    clearTimeout(timer);
  }
}

function wordsOf(error: unknown): string {
  const code = (error as { code?: unknown }).code;
  const { message } = toAppError(error);
  return typeof code === "string" ? `${message} (${code})` : message;
}

/** Whatever a check was told by others passes here. */
function masked(result: CheckResult): CheckResult {
  const text = (value: string | undefined) => (value === undefined ? undefined : maskSecrets(value));
  return {
    ...result,
    what: maskSecrets(result.what),
    why: text(result.why),
    next: text(result.next),
    checklist: result.checklist?.map((item) => ({ ...item, text: maskSecrets(item.text) })),
  };
}
