import type { Connection, ProviderKey } from "../../connections/index.ts";
import { AppError, maskValue, Secret } from "../../kernel/index.ts";
import { type Provider, providerById } from "../../providers/index.ts";
import { type DiffPart, type FileRequest, maskedDiff, planFiles } from "../../tools/index.ts";
import type { KeyInFile, LeftAlone, Lent, Way } from "../replace/key-file.ts";
import { piecesBetween } from "../replace/pieces.ts";
import { type RewrittenFile, rewriteFile } from "../replace/rewrite-file.ts";
import type { Candidate, KeyPlace } from "./candidate.ts";
import { readText } from "./file-texts.ts";

/** A candidate that the vault holds now. */
export interface TakenCandidate {
  readonly candidate: Candidate;
  readonly key: ProviderKey;
  readonly connection: Connection;
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

/** What is to be done to one file. Holds no secret in a printable form. */
export interface FilePlan {
  readonly file: string;
  /** Who gets a virtual key for it: its tool, else its folder. */
  readonly owner: string;
  readonly tool: string | undefined;
  readonly places: readonly PlannedPlace[];
  readonly diff: readonly DiffPart[];
  readonly needsVirtualKey: boolean;
  readonly taken: readonly TakenCandidate[];
  /** The change as it will be with this credential, worked out anew from what the file says then. */
  request(virtualKey: Secret): FileRequest | undefined;
}

export interface FilePlanOptions {
  readonly gatewayUrl: string;
  readonly isConnected: Lent["isConnected"];
}

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
  const rewritten = rewrite(file, place, keys, { ...options, virtualKey: UNMADE.reveal() });
  if (!rewritten) return leftFile(file, place, taken);
  const request = requestFor(file, place, rewritten.before, rewritten.after.text);
  const refusal = request && refusalOf(request);
  if (refusal) return leftFile(file, place, taken, refusal);
  return {
    file,
    owner: ownerOf(file, place),
    tool: place.tool,
    places: placesOf(file, rewritten.after),
    diff: request ? maskedDiff(bytes(rewritten.before), bytes(rewritten.after.text), values(keys)) : [],
    needsVirtualKey: rewritten.after.replaced.some(({ way }) => way === "virtual_key"),
    taken: taken.filter(({ candidate }) =>
      rewritten.after.replaced.some(({ occurrence }) => occurrence.key.value === candidate.value.reveal()),
    ),
    request(virtualKey) {
      const now = rewrite(file, place, keys, { ...options, virtualKey: virtualKey.reveal() });
      return now && requestFor(file, place, now.before, now.after.text);
    },
  };
}

function keyInFile({ candidate, key, connection }: TakenCandidate): KeyInFile {
  const provider: Provider = providerById(connection.provider, connection.preset);
  return { value: candidate.value.reveal(), provider, connection: connection.name, name: key.name };
}

function rewrite(
  file: string,
  place: KeyPlace,
  keys: readonly KeyInFile[],
  lent: Lent,
): { before: string; after: RewrittenFile } | undefined {
  if (place.format === "sqlite" || place.form !== "plain") return undefined;
  const before = readText(file);
  if (before === undefined) return undefined;
  const { tool, format, purpose } = place;
  return { before, after: rewriteFile({ path: file, tool, format, purpose, text: before }, keys, lent) };
}

function requestFor(file: string, place: KeyPlace, before: string, after: string): FileRequest | undefined {
  if (before === after) return undefined;
  return {
    path: file,
    format: place.format ?? "text",
    pieces: piecesBetween(before, after),
    makePrivate: true,
  };
}

/** Why the file cannot be written: it is somebody else's, or has several names. */
function refusalOf(request: FileRequest): AppError | undefined {
  try {
    planFiles([request]);
    return undefined;
  } catch (error) {
    if (error instanceof AppError) return error;
    throw error;
  }
}

function placesOf(file: string, { replaced, left }: RewrittenFile): PlannedPlace[] {
  const told = (occurrence: LeftAlone["occurrence"]) => ({
    path: file,
    line: occurrence.line,
    masked: maskValue(occurrence.key.value),
    key: `${occurrence.key.connection}/${occurrence.key.name}`,
  });
  return [
    ...replaced.map(({ occurrence, way, note }) => ({
      ...told(occurrence),
      way,
      ...(note === undefined ? {} : { note }),
    })),
    ...left.map(({ occurrence, why, hint }) => ({
      ...told(occurrence),
      way: "left" as const,
      note: why,
      hint,
    })),
  ].toSorted((a, b) => a.line - b.line);
}

/** A file that is not touched: all its places stay. */
function leftFile(
  file: string,
  place: KeyPlace,
  taken: readonly TakenCandidate[],
  refusal?: AppError,
): FilePlan {
  const why = refusal?.message ?? (place.format === "sqlite" ? DATABASE.why : UNREADABLE.why);
  const hint = refusal?.hint ?? (place.format === "sqlite" ? DATABASE.hint : UNREADABLE.hint);
  return {
    file,
    owner: ownerOf(file, place),
    tool: place.tool,
    places: taken.flatMap(({ candidate, key, connection }) =>
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
    ),
    diff: [],
    needsVirtualKey: false,
    taken: [],
    request: () => undefined,
  };
}

const DATABASE = {
  why: "it lies in the tool's own database, which only the tool can change safely",
  hint: "take it out in the tool's settings, then run ownkey scan",
};
const UNREADABLE = {
  why: "it is written in a form that cannot be replaced piece by piece",
  hint: "take it out by hand, then run ownkey scan",
};

/** A tool by its id; other files by the folder they are in, as projects have their `.env`. */
function ownerOf(file: string, { tool }: KeyPlace): string {
  const generic = tool === undefined || tool === "dotenv" || tool === "direnv" || tool === "package-manager";
  if (!generic) return tool;
  const [folder = "files"] = file.split(/[\\/]/).slice(-2, -1);
  const name = folder.replaceAll(/[^A-Za-z0-9._-]+/g, "-").replace(/^[^A-Za-z0-9]+/, "");
  return name === "" ? "files" : name.slice(0, 40);
}

function values(keys: readonly KeyInFile[]): string[] {
  return keys.map(({ value }) => value);
}

function bytes(text: string): Uint8Array {
  return new TextEncoder().encode(text);
}
