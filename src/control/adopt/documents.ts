/** What people see of keys that are taken in: never a value. */
import { z } from "zod";
import type {
  AppliedFile,
  Candidate,
  FilePlan,
  FilePreview,
  KeyPlace,
  NotTaken,
  PlannedPlace,
} from "../../adopt/index.ts";
import { EXPOSURES } from "../../connections/index.ts";
import { resolveProviderName } from "../../providers/index.ts";
import { type FileChange, fileChangeSchema, modeChange } from "../file-change.ts";

const placeSchema = z.object({
  path: z.string(),
  line: z.number().int().describe("from 1; 0 where there are no lines"),
  tool: z.string().nullable().describe("whose file it is"),
});

export const candidateSchema = z.object({
  title: z.string(),
  masked: z.string(),
  provider: z.string(),
  places: z.array(placeSchema),
  exposed: z
    .array(z.enum(EXPOSURES))
    .describe("where others could have read it: git, synced, published, readable"),
  keysUrl: z.string().nullable().describe("where its provider makes a new one"),
});

export function candidateDocument(candidate: Candidate): z.output<typeof candidateSchema> {
  const { title, masked, provider, places, exposed } = candidate;
  const { links } = resolveProviderName(provider).provider;
  return {
    title,
    masked,
    provider,
    places: places.map(placeDocument),
    exposed: [...exposed],
    keysUrl: links.keys ?? null,
  };
}

export const notTakenSchema = z.object({
  title: z.string(),
  masked: z.string(),
  places: z.array(placeSchema),
  why: z.string(),
  hint: z.string(),
});

export function notTakenDocument(one: NotTaken): z.output<typeof notTakenSchema> {
  const { title, masked, places, why, hint } = one;
  return { title, masked, places: places.map(placeDocument), why, hint };
}

function placeDocument({ path, line, tool }: KeyPlace): z.output<typeof placeSchema> {
  return { path, line, tool: tool ?? null };
}

const plannedPlaceSchema = z.object({
  path: z.string(),
  line: z.number().int(),
  masked: z.string(),
  key: z.string().describe("connection/name"),
  way: z
    .enum(["command", "reference", "virtual_key", "removed", "left"])
    .describe("what stands there instead of the key; left: it stays"),
  note: z.string().nullable(),
  hint: z.string().nullable().describe("what to do about one that stays"),
});

export const filePlanSchema = z.object({
  file: z.string(),
  tool: z.string().nullable(),
  places: z.array(plannedPlaceSchema),
  changes: z.array(fileChangeSchema),
});

export function filePlanDocument({ file, tool, places, changes }: FilePlan): z.output<typeof filePlanSchema> {
  return {
    file,
    tool: tool ?? null,
    places: places.map(plannedPlaceDocument),
    changes: changes.map(previewDocument),
  };
}

function plannedPlaceDocument({ note, hint, ...place }: PlannedPlace): z.output<typeof plannedPlaceSchema> {
  return { ...place, note: note ?? null, hint: hint ?? null };
}

function previewDocument({ path, isNew, modes, parts }: FilePreview): FileChange {
  return {
    path,
    isNew,
    mode: modes ? modeChange(modes) : null,
    parts: parts.map(({ line, lines }) => ({ line, lines: lines.map(({ mark, text }) => mark + text) })),
  };
}

export const appliedSchema = z.object({
  file: z.string(),
  tool: z.string().nullable(),
  outcome: z.enum(["changed", "unchanged", "failed"]),
  places: z.array(plannedPlaceSchema),
  error: z
    .object({ code: z.string(), message: z.string(), hint: z.string().nullable() })
    .nullable()
    .describe("why it stays as it was"),
});

export function appliedDocument({ plan, changeId, error }: AppliedFile): z.output<typeof appliedSchema> {
  return {
    file: plan.file,
    tool: plan.tool ?? null,
    outcome: error ? "failed" : changeId === undefined ? "unchanged" : "changed",
    places: plan.places.map(plannedPlaceDocument),
    error: error ? { code: error.code, message: error.message, hint: error.hint ?? null } : null,
  };
}
