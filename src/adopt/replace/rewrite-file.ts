import type { ParseError } from "jsonc-parser";
import { readEntries } from "../../scan/index.ts";
import { jsoncTree } from "../../tools/index.ts";
import { rewriteCode } from "./code.ts";
import { rewriteToCommand } from "./command.ts";
import { rewriteHistory } from "./history.ts";
import {
  type KeyFile,
  type KeyInFile,
  type LeftAlone,
  type Lent,
  type Occurrence,
  referenceTo,
  type Replaced,
  type Rewriter,
} from "./key-file.ts";
import { rewriteKeyStore } from "./key-store.ts";
import { rewriteLlmKeys } from "./llm-keys.ts";
import { occurrencesOf } from "./occurrences.ts";
import { rewriteSetting } from "./settings.ts";
import { applyEdits, type TextEdit } from "./text-edit.ts";
import { removeUnread } from "./unread-settings.ts";
import { isReplaced, rewriteVariable } from "./variables.ts";

/** What a file becomes, and what was decided about each place of a key in it. */
export interface RewrittenFile {
  readonly text: string;
  readonly replaced: readonly Replaced[];
  readonly left: readonly LeftAlone[];
}

export type FileToRewrite = Omit<KeyFile, "entries">;

/** The first one that has a say decides. */
const REWRITERS: readonly Rewriter[] = [
  rewriteHistory,
  removeUnread,
  rewriteToCommand,
  rewriteKeyStore,
  rewriteLlmKeys,
  rewriteVariable,
  rewriteSetting,
  rewriteCode,
];

/**
 * Takes keys out of a text as well as its format allows. Pure: what is shown before is what is written later. A file
 * that its tool could not read afterwards, or that it cannot read now, is left alone as a whole.
 */
export function rewriteFile(file: FileToRewrite, keys: readonly KeyInFile[], lent: Lent): RewrittenFile {
  const before = occurrencesOf(withEntries(file, file.text), keys);
  if (file.format === "jsonc" && !isSound(file.text)) return leftWhole(file, before, BROKEN);
  const replaced: Replaced[] = [];
  let text = file.text;
  // Each round takes at least one place out.
  for (let rounds = 0; rounds <= before.length; rounds++) {
    const round = decide(withEntries(file, text), keys, lent);
    if (round.taken.length === 0) {
      if (file.format === "jsonc" && !isSound(text)) return leftWhole(file, before, UNSAFE);
      return replaced.every((one) => hasItsAddress(one, text))
        ? { text, replaced, left: round.left }
        : leftWhole(file, before, SHARED);
    }
    replaced.push(...round.taken);
    text = applyEdits(text, round.edits);
  }
  return leftWhole(file, before, UNSAFE);
}

/** Edits of one round do not touch each other; what would is decided again in the next one. */
function decide(file: KeyFile, keys: readonly KeyInFile[], lent: Lent) {
  const edits: TextEdit[] = [];
  const taken: Replaced[] = [];
  const left: LeftAlone[] = [];
  for (const occurrence of occurrencesOf(file, keys)) {
    const result = resultFor(file, occurrence, lent);
    if (!isReplaced(result)) left.push(result);
    else if (result.edits.every((edit) => isFree(edits, edit))) {
      edits.push(...result.edits);
      taken.push(result);
    }
  }
  return { edits, taken, left };
}

function resultFor(file: KeyFile, occurrence: Occurrence, lent: Lent): Replaced | LeftAlone {
  for (const rewriter of REWRITERS) {
    const result = rewriter(file, occurrence, lent);
    if (result) return result;
  }
  return leftAlone(file, occurrence);
}

function isFree(edits: readonly TextEdit[], { start, end, text }: TextEdit): boolean {
  const inserts = start === end;
  return edits.every((other) => {
    if (inserts && other.start === other.end) return other.start !== start && other.text !== text;
    return end <= other.start || other.end <= start;
  });
}

function leftAlone({ tool }: KeyFile, occurrence: Occurrence): LeftAlone {
  const why =
    tool === undefined
      ? "nothing is known of what reads this file"
      : "the tool takes no address in this file, so that a virtual key would not work in it";
  const hint = `let it read the key from its environment and start it with ownkey run; here: ${referenceTo(occurrence.key)}`;
  return { occurrence, why, hint };
}

const BROKEN = {
  why: "the file has an error that keeps it from being read as a whole",
  hint: "mend it, then run ownkey adopt again",
};
const UNSAFE = {
  why: "it could not be changed without the risk of damaging it",
  hint: "take the key out by hand, then run ownkey scan",
};

const SHARED = {
  why: "it holds several keys of one provider, which share one address: requests would go on with another key",
  hint: "take out the ones that are not used, then run ownkey adopt again",
};

/** A later key's address may have taken the place of an earlier one's. */
function hasItsAddress({ baseUrl, others = [] }: Replaced, text: string): boolean {
  if (baseUrl === undefined || others.length > 0) return true;
  return text.split(baseUrl).some((after, index) => index > 0 && !/^[A-Za-z0-9._:@-]/.test(after));
}

function leftWhole(
  { text }: FileToRewrite,
  occurrences: readonly Occurrence[],
  reason: { why: string; hint: string },
): RewrittenFile {
  return { text, replaced: [], left: occurrences.map((occurrence) => ({ occurrence, ...reason })) };
}

function withEntries(file: FileToRewrite, text: string): KeyFile {
  return { ...file, text, entries: file.format === undefined ? [] : readEntries(text, file.format) };
}

function isSound(text: string): boolean {
  const errors: ParseError[] = [];
  jsoncTree(text, errors);
  return errors.length === 0;
}
