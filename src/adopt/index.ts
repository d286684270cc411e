export { KEY_FORMATS, type KeyFormatName, readFormat } from "./read/read-format.ts";
export type { ReadKey, ReadKeys, Variables } from "./read/read-key.ts";
export { type KeyToStore, type StoredKey, storeKeys, type StoreOutcome } from "./keys/store-keys.ts";
export type { KeyIntake, TakeIn, TakenKey } from "./keys/take-in.ts";
export { createUndoStore, type UndoStoreOptions } from "./undo-store.ts";
export type { Candidate, KeyPlace, NotTaken } from "./plan/candidate.ts";
export { candidatesOf, type Candidates, type CandidatesOptions } from "./plan/candidates.ts";
export {
  type FilePlan,
  type FilePlanOptions,
  planFile,
  type PlannedPlace,
  type TakenCandidate,
} from "./plan/file-plan.ts";
export { readText } from "./plan/file-texts.ts";
export { foreseenKeys } from "./keys/foreseen-keys.ts";
export { foundAt, type FoundAt } from "./keys/found-at.ts";
export type { FilePreview } from "./plan/preview.ts";
export { referenceTo, type Way } from "./replace/key-file.ts";
export { writeFormat } from "./write/write-format.ts";
export type { WrittenKey, WrittenText } from "./write/written-key.ts";
export { type Adoption, type AppliedFile, applyPlans, type ApplyOptions } from "./run/apply.ts";
export { adoptionOfChange, adoptionOfPurpose } from "./run/names.ts";
export { keepVirtualKeys } from "./run/keep.ts";
export { oneAtATime } from "./run/one-at-a-time.ts";
export {
  revokeUnused,
  type UndoableChange,
  undoableChanges,
  undoChanges,
  type UndoneChange,
} from "./run/undo.ts";
export { createTrial, type Trial } from "./run/trial.ts";
