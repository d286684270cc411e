import type { TestResult } from "../connections/index.ts";
import { AppError, Secret } from "../kernel/index.ts";
import {
  checkKeyLocally,
  type ConnectionSettings,
  type Provider,
  type VerdictName,
} from "../providers/index.ts";
import type { Control } from "./control.ts";

export interface Intake {
  readonly provider: Provider;
  readonly settings: ConnectionSettings;
  readonly value: Secret;
  readonly kind: "inference" | "admin";
  /** Ask the provider. Admin credentials are not tested by the inference call. */
  readonly test: boolean;
  /** Store whatever the answer. */
  readonly keep: boolean;
}

export interface Taken {
  /** Without what was pasted along: white space, quotes, `Bearer `. */
  readonly value: Secret;
  readonly test: TestResult | null;
  readonly verdict: VerdictName | "untested";
  readonly warnings: string[];
}

/** The provider answered that the key itself is no good, or is not one; all else says nothing against storing it. */
const REFUSED: ReadonlySet<VerdictName> = new Set(["invalid_key", "leaked", "key_kind_disabled"]);

/**
 * What every key goes through before it is stored: local checks, then the test call.
 * @throws AppError `key_refused` when it is clearly no such key, or the provider says so, and `keep` is not set.
 */
export async function takeIn(control: Control, intake: Intake): Promise<Taken> {
  const { value, warnings } = checkLocally(intake);
  if (!intake.test || intake.kind === "admin") return { value, test: null, verdict: "untested", warnings };
  const test = await control.keyTester.test({ provider: intake.provider, settings: intake.settings, value });
  const verdict = test.verdict === "unreachable" ? "untested" : test.verdict;
  if (REFUSED.has(test.verdict) && !intake.keep) throw refusal(test);
  if (test.verdict !== "ok") warnings.push(`${test.verdict}: ${test.explanation}`);
  return { value, test, verdict, warnings };
}

function checkLocally({ provider, settings, value, kind, keep }: Intake): {
  value: Secret;
  warnings: string[];
} {
  if (value.lengthChars === 0 && provider.keyOptional) return { value, warnings: [] };
  const checked = checkKeyLocally(provider, value.reveal(), { kind, settings });
  const refused = checked.problems.find((problem) => problem.severity === "refuse");
  if (refused && (!keep || refused.code === "empty")) {
    throw new AppError("key_refused", refused.message, {
      hint: refused.hint,
      details: { reason: refused.code },
    });
  }
  return { value: new Secret(checked.value), warnings: checked.problems.map((problem) => problem.message) };
}

function refusal(test: TestResult): AppError {
  const said = test.providerText === undefined ? "" : ` The provider says: ${test.providerText}`;
  return new AppError("key_refused", `not stored: ${test.explanation}${said}`, {
    hint: `check it by hand: ${test.curl}; or store it all the same with --keep`,
    details: { verdict: test.verdict },
  });
}
