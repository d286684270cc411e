import { referenceTo, type Rewriter } from "./key-file.ts";

/** What was typed or said needs no key to work: a reference tells which one it was. */
export const rewriteHistory: Rewriter = (file, occurrence) => {
  if (file.purpose !== "history") return undefined;
  const { start, end, key } = occurrence;
  return {
    occurrence,
    way: "reference",
    edits: [{ start, end, text: referenceTo(key) }],
    note: "programs that run now may write their history again when they end",
  };
};
