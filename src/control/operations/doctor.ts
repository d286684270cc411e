import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { z } from "zod";
import type { Caller } from "../../access/index.ts";
import {
  CHECK_GROUPS,
  type CheckOutcome,
  explainError as explainPasted,
  explainRequest,
  homeChecks,
  machineChecks,
  runCheck,
  runChecks,
  supportBundle,
} from "../../doctor/index.ts";
import { AppError, formatTime, type Json, VERSION } from "../../kernel/index.ts";
import { PROVIDER_IDS, providerById, resolveProviderName, VERDICTS } from "../../providers/index.ts";
import type { Control } from "../control.ts";
import { machineFacts } from "../machine-facts.ts";
import { loadNames } from "../names.ts";
import { operation } from "../operation.ts";
import { emptySchema, listOf } from "../schemas.ts";

const checklistSchema = z
  .array(
    z.object({
      text: z.string(),
      state: z
        .enum(["sound", "cause", "open"])
        .describe("looked at and sound, the cause, or left to look at"),
    }),
  )
  .readonly();

export const outcomeSchema = z.object({
  id: z.string().describe("group.what, or group.what:subject"),
  title: z.string(),
  group: z.enum(CHECK_GROUPS),
  status: z.enum(["ok", "warn", "fail", "skip"]),
  what: z.string().describe("what is so, in one sentence"),
  why: z.string().optional(),
  checklist: checklistSchema.optional(),
  next: z.string().optional().describe("what to do now"),
  link: z.string().optional().describe("the page on which to do it"),
  fixable: z.string().optional().describe("what --fix would do"),
  fixed: z.string().optional().describe("what --fix has done"),
  durationMs: z.number(),
});

const variables = z.record(z.string(), z.string().optional());

export const machine = operation({
  name: "doctor.machine",
  summary: "Look at what does not need the home opened: files, ports, variables, service",
  place: "offline",
  mendsSettings: true,
  input: z.object({
    environment: variables,
    fix: z.boolean().default(false),
    onOutcome: z.custom<(outcome: CheckOutcome) => void>().optional(),
  }),
  output: listOf(outcomeSchema),
  async run(control, _caller, { environment, fix, onOutcome }) {
    const checks = machineChecks(await machineFacts(control, environment));
    return { items: await runChecks(checks, { fix, ...(onOutcome ? { onOutcome } : {}) }) };
  },
});

export const checks = operation({
  name: "doctor.checks",
  summary: "What can be looked at in this home: one check for each connection, key and so on",
  place: "anywhere",
  whileLocked: true,
  input: emptySchema,
  output: listOf(outcomeSchema.pick({ id: true, title: true, group: true })),
  async run(control, caller) {
    const all = await homeChecks(contextOf(control, caller));
    return { items: all.map(({ id, title, group }) => ({ id, title, group })) };
  },
});

export const check = operation({
  name: "doctor.check",
  summary: "Run one check of doctor.checks",
  place: "anywhere",
  whileLocked: true,
  input: z.object({ id: z.string().min(1).max(300), fix: z.boolean().default(false) }),
  output: outcomeSchema,
  async run(control, caller, { id, fix }) {
    const found = (await homeChecks(contextOf(control, caller))).find((one) => one.id === id);
    if (!found) throw new AppError("not_found", `there is no check "${id}"`, { hint: "run: ownkey doctor" });
    return await runCheck(found, { fix });
  },
});

export const request = operation({
  name: "doctor.request",
  summary: "What happened to one request, what it cost, and what to do",
  place: "anywhere",
  whileLocked: true,
  withoutHome: true,
  input: z.object({ id: z.string().min(4).max(64).describe("request id, or its beginning") }),
  output: z.object({
    requestId: z.string(),
    story: z.array(z.string()),
    verdict: z.enum(VERDICTS).nullable(),
    title: z.string(),
    checklist: checklistSchema,
    next: z.string(),
    link: z.string().nullable(),
  }),
  async run(control, _caller, { id }) {
    const rows = await control.ledgers.list({ requestIdPrefix: id, limit: 100 });
    const [last, ...others] = rows;
    if (!last) {
      throw new AppError("not_found", `there is no request "${id}" in the ledger`, {
        hint: "what Ownkey itself refused is not there: ownkey explain-error says what its answer means; ownkey requests list",
      });
    }
    if (others.some(({ requestId }) => requestId !== last.requestId)) {
      throw new AppError("ambiguous_name", `several requests begin with "${id}"`, {
        hint: "give more of the id",
      });
    }
    const connection = (await control.connections.list()).find(({ id: one }) => one === last.connectionId);
    const known = PROVIDER_IDS.find((one) => one === last.provider) ?? "openai-compatible";
    const explained = explainRequest([last, ...others], {
      names: await loadNames(control, [last.virtualKeyId]),
      provider: providerById(known, connection?.preset ?? null),
    });
    return { ...explained, story: [...explained.story] };
  },
});

export const explainError = operation({
  name: "doctor.explainError",
  summary: "What a pasted error means: verdict, cause, what to look at, next step",
  place: "offline",
  mendsSettings: true,
  input: z.object({
    text: z.string().max(1024 * 1024),
    provider: z.string().max(64).optional().describe("whose error it is, when that is known"),
  }),
  output: z.object({
    verdict: z.enum(VERDICTS).nullable().describe("null for refusals of Ownkey itself"),
    code: z.string().nullable().describe("of a refusal of Ownkey itself"),
    title: z.string(),
    provider: z.string().nullable(),
    providerGuessed: z.boolean(),
    status: z.number().int().nullable(),
    cause: z.string(),
    said: z.string().nullable().describe("the provider's words, masked"),
    checklist: checklistSchema,
    next: z.string(),
    link: z.string().nullable(),
    retryable: z.boolean(),
    retryAfterMs: z.number().nullable(),
  }),
  async run({ clock }, _caller, { text, provider }) {
    const known = provider === undefined ? undefined : resolveProviderName(provider).provider;
    const explained = explainPasted(text, { provider: known, nowMs: clock.nowMs() });
    return explained;
  },
});

const LOG_LINES = 200;
const LOG_BYTES = 256 * 1024;

export const bundle = operation({
  name: "doctor.bundle",
  summary: "What somebody needs to help from afar, without secrets",
  place: "offline",
  mendsSettings: true,
  input: z.object({
    outcomes: z.array(outcomeSchema),
    inventory: z.record(z.string(), z.custom<Json>()).describe("documents of other operations"),
    environment: variables,
  }),
  output: z.object({ text: z.string() }),
  async run({ home, clock, settings }, _caller, { outcomes, inventory, environment }) {
    const text = supportBundle({
      createdAt: formatTime(clock.nowMs()),
      version: VERSION,
      outcomes: outcomes as unknown as readonly Json[],
      inventory,
      settings: settings.list(),
      environment,
      log: lastLines(join(home, "log", "ownkey.log")),
    });
    return { text };
  },
});

function lastLines(path: string): string[] {
  if (!existsSync(path)) return [];
  return readFileSync(path, "utf8").slice(-LOG_BYTES).trimEnd().split("\n").slice(-LOG_LINES);
}

function contextOf(control: Control, caller: Caller) {
  return { ...control, caller };
}
