import { z } from "zod";
import { AppError, VERSION } from "../../kernel/index.ts";
import { readVaultRow } from "../../vault/index.ts";
import { operation } from "../operation.ts";
import { doneSchema, emptySchema } from "../schemas.ts";
import { settingOf } from "../setting-of.ts";

export const status = operation({
  name: "program.status",
  summary: "Whether it runs, whether the vault is unlocked, and what is in it",
  place: "anywhere",
  whileLocked: true,
  withoutHome: true,
  input: emptySchema,
  output: z.object({
    running: z.boolean(),
    pid: z.number().int().nullable(),
    url: z.string().nullable(),
    ui: z.string().nullable(),
    home: z.string(),
    store: z.enum(["sqlite", "postgres"]),
    vaultId: z.string().nullable().describe("null: none was made yet"),
    locked: z.boolean(),
    connections: z.number().int(),
    keys: z.number().int(),
    virtualKeys: z.number().int(),
    version: z.string(),
    gateways: z.array(
      z.object({
        instance: z.string().nullable(),
        pid: z.number().int().nullable(),
        state: z.string(),
        inFlight: z.number().int(),
        restarts: z.number().int(),
      }),
    ),
  }),
  async run(control) {
    const { running, store, vault, settings } = control;
    const isMade = (await readVaultRow(store)) !== undefined;
    const count = async (rows: string) =>
      Number((await store.get(`SELECT COUNT(*) AS n FROM ${rows}`))?.["n"] ?? 0);
    return {
      running: running !== undefined,
      pid: running?.pid ?? null,
      url: running?.url ?? null,
      ui: running?.ui ?? null,
      home: control.home,
      store: settingOf(settings)("databaseUrl") === null ? ("sqlite" as const) : ("postgres" as const),
      vaultId: isMade ? vault.id : null,
      locked: isMade && vault.locked,
      connections: await count("connections WHERE removed = 0"),
      keys: await count("provider_keys WHERE removed = 0"),
      virtualKeys: await count("virtual_keys"),
      version: VERSION,
      gateways: (await running?.gateways()) ?? [],
    };
  },
});

export const stop = operation({
  name: "program.stop",
  summary: "Stop the running program; streams under way may finish first",
  place: "running",
  whileLocked: true,
  input: emptySchema,
  output: doneSchema,
  async run({ running }) {
    if (!running) throw new AppError("not_running", "no Ownkey is running on this home");
    running.stop();
    return { done: true as const };
  },
});
