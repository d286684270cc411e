/**
 * What is loaded when it is first asked for. The git hook runs before each commit and needs the engine only: without
 * this it would load all providers and tools first.
 */
import type { Finding } from "./finding.ts";
import type { Survey, SurveyOptions } from "./survey.ts";
import type { SurveyRequest } from "./survey-sources.ts";
import type { KeyCheck, KeyToVerify, Verification } from "./verify.ts";

/** Looks for keys, and for what is wrong about where they lie. Writes nothing, creates nothing, calls nobody. */
export async function survey(request: SurveyRequest, options: SurveyOptions): Promise<Survey> {
  return await (await import("./survey.ts")).survey(request, options);
}

/** The keys among findings that may be asked about, each once. */
export async function keysToVerify(findings: Iterable<Finding>): Promise<KeyToVerify[]> {
  return (await import("./verify.ts")).keysToVerify(findings);
}

/** What was said about each key, by its group. Never rejects: a check that fails leaves its key untested. */
export async function verifyKeys(
  keys: readonly KeyToVerify[],
  check: KeyCheck,
): Promise<ReadonlyMap<string, Verification>> {
  return await (await import("./verify.ts")).verifyKeys(keys, check);
}
