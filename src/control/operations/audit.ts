import { z } from "zod";
import { checkpoint, verify as verifyLog } from "../../audit/index.ts";
import { formatTime, toHex } from "../../kernel/index.ts";
import { operation } from "../operation.ts";
import { emptySchema, listOf, timeSchema } from "../schemas.ts";

const entrySchema = z.object({
  index: z.number().int(),
  at: timeSchema,
  caller: z.string(),
  action: z.string(),
  subject: z.string().nullable(),
  outcome: z.enum(["ok", "denied"]),
  details: z.record(z.string(), z.unknown()).nullable(),
});

export const show = operation({
  name: "audit.show",
  summary: "Entries of the audit log, oldest first; the newest ones unless told from where",
  place: "anywhere",
  whileLocked: true,
  withoutHome: true,
  input: z.object({
    limit: z.number().int().min(1).max(1000).default(50),
    since: z.number().int().min(0).optional(),
  }),
  output: listOf(entrySchema),
  async run({ audit, store }, _caller, { limit, since }) {
    const from = since ?? Math.max(0, (await audit.head(store)).size - limit);
    const entries = await audit.list(store, { since: from, limit });
    return {
      items: entries.map((entry) => ({
        index: entry.index,
        at: formatTime(entry.atMs),
        caller: entry.caller,
        action: entry.action,
        subject: entry.subject ?? null,
        outcome: entry.outcome,
        details: entry.details === undefined ? null : { ...entry.details },
      })),
    };
  },
});

export const verify = operation({
  name: "audit.verify",
  summary: "Recompute the whole log and check every signature",
  place: "own-process",
  whileLocked: true,
  withoutHome: true,
  input: emptySchema,
  output: z.object({
    ok: z.boolean(),
    entries: z.number().int(),
    root: z.string(),
    checkpoints: z.number().int(),
    signaturesChecked: z.boolean(),
    problems: z.array(z.string()),
  }),
  async run({ store, vault, clock }) {
    const publicKey = vault.publicKey();
    const result = await verifyLog(store, {
      vaultId: vault.id,
      ...(publicKey === undefined ? {} : { publicKey }),
    });
    if (result.ok) await checkpoint(store, vault, clock);
    const more = result.moreProblems > 0 ? [`and ${result.moreProblems} more`] : [];
    return {
      ok: result.ok,
      entries: result.entries,
      root: toHex(result.root),
      checkpoints: result.checkpoints,
      signaturesChecked: result.signaturesChecked,
      problems: [...result.problems.map(({ index, message }) => `entry ${index}: ${message}`), ...more],
    };
  },
});
