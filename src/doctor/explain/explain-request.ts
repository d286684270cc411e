import type { AttemptEnd, AttemptRow } from "../../ledger/index.ts";
import { formatTime, formatUsd } from "../../kernel/index.ts";
import { type Provider, VERDICTS, type VerdictName } from "../../providers/index.ts";
import type { ChecklistItem } from "../check.ts";
import { GUIDES, openItems } from "./guides.ts";

/** Names that people gave, for the ids of the ledger. */
export interface RequestNames {
  virtualKey(id: string): string;
  connection(id: string): string;
  providerKey(id: string): string;
}

export interface RequestExplanation {
  readonly requestId: string;
  /** What happened, in sentences, in order. */
  readonly story: readonly string[];
  readonly verdict: VerdictName | null;
  readonly title: string;
  readonly checklist: readonly ChecklistItem[];
  readonly next: string;
  readonly link: string | null;
}

/** How an attempt ended, in words. */
const ENDS: Readonly<Record<AttemptEnd, string>> = {
  complete: "the answer came through to its end",
  client_gone: "the tool hung up before the end; what the provider had made until then may be billed",
  upstream_cut: "the provider's answer was cut off",
  time_limit: "the provider was silent for too long and was given up",
  budget_ended: "a soft budget ended while the answer came, and it was cut off",
  refused: "the provider refused it",
  unreachable: "the provider could not be reached",
  crash: "Ownkey was ended while it was under way",
};

/** Tells one request from its attempts, the last one first as the ledger lists them. */
export function explainRequest(
  attempts: readonly [AttemptRow, ...AttemptRow[]],
  { names, provider }: { readonly names: RequestNames; readonly provider: Provider },
): RequestExplanation {
  const [last] = attempts;
  const first = attempts.at(-1) ?? last;
  const verdict = VERDICTS.find((name) => name === last.settled?.verdict) ?? null;
  const trouble = verdict === "ok" ? null : verdict;
  const guide = trouble === null ? undefined : GUIDES[trouble];
  const key = names.providerKey(last.providerKeyId);
  return {
    requestId: last.requestId,
    story: [
      asked(first, names),
      ...(attempts.length > 1
        ? [`It was tried ${attempts.length} times, because nothing had reached the provider.`]
        : []),
      ended(last),
      cost(last),
    ],
    verdict,
    title: guide?.title ?? (last.settled === null ? "Under way" : "No trouble"),
    checklist: guide ? openItems(guide) : [],
    next:
      guide?.next
        .replaceAll("CONNECTION/KEY", key)
        .replaceAll("CONNECTION", names.connection(last.connectionId)) ?? "Nothing to do.",
    link: (guide?.page && provider.links[guide.page]) ?? null,
  };
}

function asked(row: AttemptRow, names: RequestNames): string {
  const who = row.tool === null ? "" : ` (${row.tool})`;
  const model = row.modelRequested === null ? "" : ` for ${row.modelRequested}`;
  return (
    `On ${formatTime(row.startedAtMs)} ${names.virtualKey(row.virtualKeyId)}${who} asked ${row.route}${model}; ` +
    `it went to ${names.connection(row.connectionId)} with the key ${names.providerKey(row.providerKeyId)}.`
  );
}

function ended({ settled, modelRequested }: AttemptRow): string {
  if (settled === null) return "It has not ended yet, or Ownkey has not noticed its end.";
  const status = settled.status === null ? "No status came back" : `The provider answered ${settled.status}`;
  const first = settled.firstByteMs === null ? "" : `, after ${Math.round(settled.firstByteMs)} ms`;
  const end = ENDS[settled.end];
  const other =
    settled.modelAnswered !== null && settled.modelAnswered !== modelRequested
      ? ` The model that answered is ${settled.modelAnswered}.`
      : "";
  return `${status}${first}; ${end}.${other}`;
}

function cost({ settled, reservedNanos }: AttemptRow): string {
  if (settled === null) {
    return reservedNanos === null
      ? "Its cost is not known."
      : `Up to $${formatUsd(reservedNanos)} is reserved for it.`;
  }
  if (settled.costNanos === null)
    return "Its cost is not known: there is no price for this model. ownkey prices set";
  const why =
    settled.usage?.clamped === true
      ? "the provider's figures contradict each other or are no counts"
      : "the provider did not tell its usage";
  const estimated = settled.estimated ? `, estimated: ${why}, so the highest it could be is counted` : "";
  return `It cost $${formatUsd(settled.costNanos)}${estimated}.`;
}
