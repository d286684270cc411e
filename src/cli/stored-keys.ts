import type * as imports from "../control/operations/import.ts";
import type { CliContext } from "./context.ts";
import { paint, printable } from "./output.ts";

export type StoredKeyDocument = Awaited<ReturnType<typeof imports.store.run>>["items"][number];

/** What became of keys that were to be stored: one line each, with what to do below those that were not. */
export function storedKeysText(context: CliContext, items: readonly StoredKeyDocument[]): string {
  return items.map((item) => itemText(context, item)).join("\n");
}

function itemText(context: CliContext, item: StoredKeyDocument): string {
  const { labels, provider, outcome, connection, name, fingerprint, verdict, message, hint } = item;
  const [label = "", ...others] = labels;
  const from = printable(others.length === 0 ? label : `${label} and ${others.length} more`);
  const where = connection === null ? provider : `${connection}/${name ?? ""}`;
  switch (outcome) {
    case "stored":
      return `${paint(context, "green", "stored")}  ${where}  ${fingerprint ?? ""}  (${verdict})  from ${from}`;
    case "known":
      return `${paint(context, "dim", "known")}   ${where}  ${fingerprint ?? ""}  (${verdict})  from ${from}`;
    case "refused":
    case "incomplete":
      return [
        `${paint(context, "red", "left")}    ${where}  ${from}: ${printable(message)}`,
        ...(hint === null ? [] : [`        → ${printable(hint)}`]),
      ].join("\n");
  }
}
