import { createHash } from "node:crypto";
import { maskValue, Secret } from "../../kernel/index.ts";
import {
  type ConnectTarget,
  explainTool,
  isOwnkeyCredential,
  isTokenCommand,
  maskedDiff,
  planFiles,
  plannedMachine,
  type PlannedFile,
  type Step,
  type ToolAdapter,
  type ToolMachine,
} from "../../tools/index.ts";
import { type FileChange, modeChange } from "../file-change.ts";

/** Stands for a virtual key that is made only when somebody has agreed, and how that is shown. */
const NOT_YET = "sk-ownkey-made-when-you-agree";
const NOT_YET_SHOWN = "sk-ownkey-… (made when you agree)";

export interface WholePlan {
  readonly files: readonly PlannedFile[];
  readonly steps: readonly Step[];
  readonly notes: readonly string[];
  /** Of the files as they were read: whoever agreed to this plan agreed to no other. */
  readonly seen: string;
}

/** What connecting a tool would do. Without a key of its own it is for showing only. */
export function planTool(adapter: ToolAdapter, machine: ToolMachine, target: ConnectTarget): WholePlan {
  const { refreshesToken } = adapter.traits;
  const key = target.key ?? (refreshesToken ? undefined : new Secret(NOT_YET));
  const plan = adapter.plan(machine, { ...target, ...(key ? { key } : {}) });
  const files = planFiles(plan.files);
  return {
    files,
    steps: plan.steps,
    notes: [...plan.notes, ...outranked(adapter, plannedMachine(machine, files), files.length > 0)],
    seen: digestOf(files),
  };
}

/** What would still come before ours: a variable of the shell, settings of an administrator. */
function outranked(adapter: ToolAdapter, machine: ToolMachine, changesFiles: boolean): string[] {
  if (!changesFiles) return [];
  const { key, baseUrl, problems } = explainTool(adapter, machine);
  const { winner } = key;
  const address = baseUrl.winner;
  const isOurAddress = address?.value?.reveal().includes(`/t/${adapter.id}`) ?? true;
  const isOurs = isOwnkeyCredential(winner?.value) || isTokenCommand(winner?.value, adapter.id);
  const dialog = adapter.traits.takes === "dialog";
  return [
    ...(winner && !isOurs && !dialog
      ? [
          `${winner.label} comes before what is written, so that ${adapter.name} goes on using it: take it out`,
        ]
      : []),
    ...(address && !isOurAddress
      ? [`${address.label} comes before the address that is written, so that requests go there: take it out`]
      : []),
    ...problems,
  ];
}

/** A file's change for people: no secret in it. */
export function fileDocument({ path, before, after }: PlannedFile, secrets: readonly string[]): FileChange {
  return {
    path,
    isNew: before === undefined,
    mode: before && before.mode !== after.mode ? modeChange([before.mode, after.mode]) : null,
    parts: diffLines(before?.bytes, after.bytes, secrets),
  };
}

export function diffLines(
  before: Uint8Array | undefined,
  after: Uint8Array,
  secrets: readonly string[],
): FileChange["parts"] {
  return maskedDiff(before, after, secrets).map(({ line, lines }) => ({
    line,
    lines: lines.map(({ mark, text }) => mark + text.replaceAll(maskValue(NOT_YET), NOT_YET_SHOWN)),
  }));
}

export interface StepDocument {
  readonly text: string;
  readonly values: readonly { readonly name: string; readonly value: string }[];
  readonly snippet: string | null;
}

/** With `reveal`, a virtual key that has to be pasted stands in it as it is. */
export function stepDocument({ text, values = [], snippet }: Step, reveal: boolean): StepDocument {
  const shown = (value: string | Secret) =>
    typeof value === "string" ? value : reveal ? value.reveal() : "(made when you agree)";
  return {
    text,
    values: values.map(({ name, value }) => ({ name, value: shown(value) })),
    snippet: snippet === undefined ? null : shown(snippet),
  };
}

function digestOf(files: readonly PlannedFile[]): string {
  const hash = createHash("sha256");
  for (const { target, before } of files) {
    hash.update(JSON.stringify([target, before?.mode ?? null, before?.bytes.length ?? null]));
    if (before) hash.update(before.bytes);
  }
  return hash.digest("hex");
}
