import { type Edit, insertMember, remember } from "../../kernel/index.ts";
import type { JsonNode, JsonTree } from "./json-tree.ts";
import type { OutputBound } from "./result.ts";
import type { Tally } from "./tally.ts";

/** How a route takes its output limit. */
export interface LimitPlace {
  /** The members that the provider keeps to, as {@link Tally.limits} names them; the first is the one to write. */
  readonly members: readonly [string, ...string[]];
  /** The least that the provider takes. */
  readonly minimum: number;
  /** The provider's own limit for a request that says nothing; `null` = the model's. */
  readonly ordinarily: number | null;
  /** 0 stands for no limit, as for every number that a protocol buffer leaves out. */
  readonly zeroIsNone: boolean;
}

export interface OutputFigures {
  readonly modelMaximum: number | null;
  readonly choices: number;
  /** What else is asked needs at least so much. */
  readonly minimum: number;
}

/** What a model of unknown maximum is taken to write when the client does not say. */
const UNKNOWN_MAXIMUM = 16_384;

/** The output's bound; `undefined` and a refusal in the tally when the body's own limit cannot be relied on. */
export function outputBound(
  tally: Tally,
  place: LimitPlace,
  figures: OutputFigures,
): OutputBound | undefined {
  const found = tally.limits.filter(({ node }) => node.kind !== "null");
  const kept = found.filter(({ name }) => place.members.some((member) => isSpelling(name, member)));
  if (kept.length > 1) {
    refuse(tally, kept[1]?.name ?? "", "stands beside another output limit, and only one can hold");
    return undefined;
  }
  let clientLimit: number | null = null;
  for (const { name, node } of found) {
    const limit = tally.tree.count(node);
    if (limit === undefined || (limit === 0 && !place.zeroIsNone && place.minimum > 0)) {
      refuse(tally, name, "is not a whole number of tokens above zero");
      return undefined;
    }
    if (limit > 0 || !place.zeroIsNone) clientLimit = Math.min(limit, clientLimit ?? limit);
  }
  const limit = clientLimit ?? place.ordinarily;
  const written = kept[0]?.node ?? tally.limits.find(({ name }) => isSpelling(name, place.members[0]))?.node;
  return {
    clientLimit: limit,
    modelMaximum: figures.modelMaximum ?? Math.max(UNKNOWN_MAXIMUM, limit ?? 0),
    minimum: Math.max(place.minimum, figures.minimum),
    choices: figures.choices,
    edit: (tokens) => limitEdit(tally.tree, place.members[0], written, tokens),
  };
}

function refuse(tally: Tally, field: string, why: string): void {
  tally.refusal ??= { kind: "unbounded", field, why };
}

/** Paths come in the spelling of the body. */
function isSpelling(found: string, member: string): boolean {
  return found === member || folded(found) === folded(member);
}

/** Nearly all are paths that the tables know, and there are few. */
const foldedPaths = new Map<string, string>();
const MOST_PATHS = 500;

function folded(path: string): string {
  return (
    foldedPaths.get(path) ?? remember(foldedPaths, MOST_PATHS, path, path.replaceAll("_", "").toLowerCase())
  );
}

/** Replaces the value that is there, or puts the member in; `path` has at most one object above the member. */
function limitEdit(tree: JsonTree, path: string, written: JsonNode | undefined, tokens: number): Edit | null {
  const text = String(tokens);
  if (written !== undefined) {
    return tree.count(written) === tokens ? null : { start: written.start, end: written.end, text };
  }
  const [first = "", second] = path.split(".");
  if (second === undefined) return insertMember(placeOf(tree.root), `"${first}":${text}`);
  const parent = tree.root.members.find((member) => isSpelling(tree.name(member), first))?.value;
  if (parent?.kind === "object") return insertMember(placeOf(parent), `"${second}":${text}`);
  if (parent !== undefined) return { start: parent.start, end: parent.end, text: `{"${second}":${text}}` };
  return insertMember(placeOf(tree.root), `"${first}":{"${second}":${text}}`);
}

function placeOf({ start, members }: JsonNode): { start: number; empty: boolean } {
  return { start, empty: members.length === 0 };
}
