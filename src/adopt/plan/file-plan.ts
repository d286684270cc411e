import type { Connection, ProviderKey } from "../../connections/index.ts";
import { maskValue, Secret, toAppError } from "../../kernel/index.ts";
import { providerById } from "../../providers/index.ts";
import { type FileRequest, planFiles } from "../../tools/index.ts";
import type { KeyInFile, Lent, Way } from "../replace/key-file.ts";
import type { Candidate, KeyPlace } from "./candidate.ts";
import { ownerName } from "./owner-name.ts";
import { type FilePreview, previewOf } from "./preview.ts";
import { rewriteAt, type Rewritten } from "./rewritten.ts";

/** A candidate that the vault holds now, or would hold. */
export interface TakenCandidate {
  readonly candidate: Candidate;
  readonly key: Pick<ProviderKey, "name" | "verdict">;
  readonly connection: Pick<Connection, "id" | "name" | "provider" | "preset">;
}

/** One place of a key: what is to become of it, or why it stays. */
export interface PlannedPlace {
  readonly path: string;
  readonly line: number;
  readonly masked: string;
  /** `connection/name`. */
  readonly key: string;
  readonly way: Way | "left";
  readonly note?: string;
  /** What to do about one that is left. */
  readonly hint?: string;
}

/** What is to be done to one file, and to those that belong to it. Holds no secret in a printable form. */
export interface FilePlan {
  readonly file: string;
  /** Who gets a virtual key for it: its tool, else its folder. */
  readonly owner: string;
  readonly tool: string | undefined;
  readonly places: readonly PlannedPlace[];
  /** As it will be, with something that stands for the virtual key. */
  readonly changes: readonly FilePreview[];
  readonly needsVirtualKey: boolean;
  /** The tool gets the command that prints its tokens. */
  readonly needsCommand: boolean;
  readonly taken: readonly TakenCandidate[];
  /** The change as it will be with this credential, worked out anew from what the files say then. */
  requests(virtualKey: Secret): readonly FileRequest[];
}

export type FilePlanOptions = Omit<Lent, "virtualKey">;

/** Stands for a virtual key that is made later. */
const UNMADE = new Secret(`sk-${"ownkey"}-…`);

/** Plans one file for all its keys. `undefined` when none of them stands in it any more. */
export function planFile(
  file: string,
  taken: readonly TakenCandidate[],
  options: FilePlanOptions,
): FilePlan | undefined {
  const [place] = taken.flatMap(({ candidate }) => candidate.places.filter((one) => one.file === file));
  if (!place) return undefined;
  const keys = taken.map(keyInFile);
  const rewritten = attempt(() => rewriteAt(file, place, keys, { ...options, virtualKey: UNMADE.reveal() }));
  if ("refusal" in rewritten) return leftFile(file, place, taken, rewritten.refusal);
  const planned = attempt(() => planFiles(rewritten.requests));
  if ("refusal" in planned) return leftFile(file, place, taken, planned.refusal);
  const { replaced } = rewritten;
  return {
    file,
    owner: ownerName(file, place),
    tool: place.tool,
    places: [...placesOf(file, rewritten), ...unseenPlaces(file, taken, rewritten)],
    changes: planned.map((one) =>
      previewOf(
        one,
        keys.map(({ value }) => value),
      ),
    ),
    needsVirtualKey: replaced.some(({ way }) => way === "virtual_key"),
    needsCommand: replaced.some(({ way }) => way === "command"),
    taken: taken.filter(({ candidate }) =>
      replaced.some(({ key }) => key.value === candidate.value.reveal()),
    ),
    requests: (virtualKey) =>
      rewriteAt(file, place, keys, { ...options, virtualKey: virtualKey.reveal() }).requests,
  };
}

function keyInFile({ candidate, key, connection }: TakenCandidate): KeyInFile {
  const provider = providerById(connection.provider, connection.preset);
  return { value: candidate.value.reveal(), provider, connection: connection.name, name: key.name };
}

/** Keys that the scan has found there and that do not stand there as they are, in UTF-16 for instance. */
function unseenPlaces(
  file: string,
  taken: readonly TakenCandidate[],
  { replaced, left }: Rewritten,
): PlannedPlace[] {
  const seen = new Set([...replaced, ...left].map(({ key }) => key.value));
  const unseen = taken.filter(({ candidate }) => !seen.has(candidate.value.reveal()));
  return leftPlaces(file, unseen, UNSEEN);
}

const UNSEEN = {
  why: "it is written there in a form that cannot be replaced",
  hint: "take it out by hand, then run ownkey scan",
};

interface Refused {
  readonly refusal: { readonly why: string; readonly hint: string };
}

/** Why a file cannot be written: it is somebody else's, has several names, or is open. */
function attempt<Value extends object>(work: () => Value): Value | Refused {
  try {
    return work();
  } catch (error) {
    const { code, message, hint } = toAppError(error);
    if (code === "internal") throw error;
    return { refusal: { why: message, hint: hint ?? "then run ownkey adopt again" } };
  }
}

function placesOf(file: string, { replaced, left }: Rewritten): PlannedPlace[] {
  const told = ({ key, line, place }: Rewritten["left"][number] | Rewritten["replaced"][number]) => ({
    path: place === undefined ? file : `${file} (${place})`,
    line,
    masked: maskValue(key.value),
    key: `${key.connection}/${key.name}`,
  });
  return [
    ...replaced.map((one) => ({
      ...told(one),
      way: one.way,
      ...(one.note === undefined ? {} : { note: one.note }),
    })),
    ...left.map((one) => ({ ...told(one), way: "left" as const, note: one.why, hint: one.hint })),
  ].toSorted((a, b) => a.line - b.line);
}

/** A file that is not touched: all its places stay. */
function leftFile(
  file: string,
  place: KeyPlace,
  taken: readonly TakenCandidate[],
  refusal: Refused["refusal"],
): FilePlan {
  return {
    file,
    owner: ownerName(file, place),
    tool: place.tool,
    places: leftPlaces(file, taken, refusal),
    changes: [],
    needsVirtualKey: false,
    needsCommand: false,
    taken: [],
    requests: () => [],
  };
}

function leftPlaces(
  file: string,
  taken: readonly TakenCandidate[],
  { why, hint }: Refused["refusal"],
): PlannedPlace[] {
  return taken.flatMap(({ candidate, key, connection }) =>
    candidate.places
      .filter((one) => one.file === file)
      .map(({ path, line }) => ({
        path,
        line,
        masked: candidate.masked,
        key: `${connection.name}/${key.name}`,
        way: "left" as const,
        note: why,
        hint,
      })),
  );
}
