import { z } from "zod";
import { normaliseSettings, providerById } from "../../providers/index.ts";
import type { Connection } from "../../connections/index.ts";
import type { Control } from "../control.ts";
import { connectionDocument, connectionSchema } from "../documents.ts";
import { operation } from "../operation.ts";
import { takeInAgain } from "../rebind.ts";
import { inputOfSettings, settingsInputOf } from "../settings-input.ts";
import { doneSchema, emptySchema, listOf, nameSchema, refSchema, secretInput } from "../schemas.ts";

const byRef = z.object({ ref: refSchema });

export const list = operation({
  name: "connections.list",
  summary: "All connections",
  place: "anywhere",
  withoutHome: true,
  input: emptySchema,
  output: listOf(connectionSchema),
  async run(control) {
    const connections = await control.connections.list();
    return { items: await Promise.all(connections.map((one) => documentOf(control, one))) };
  },
});

export const show = operation({
  name: "connections.show",
  summary: "One connection",
  place: "anywhere",
  withoutHome: true,
  input: byRef,
  output: connectionSchema,
  async run(control, _caller, { ref }) {
    return await documentOf(control, await control.connections.resolve(ref));
  },
});

const optionalText = z.string().max(500).optional().describe("empty removes it");

export const set = operation({
  name: "connections.set",
  summary: "Change how a connection is used; another host needs its key again",
  place: "anywhere",
  input: z.object({
    ref: refSchema,
    name: nameSchema.optional(),
    baseUrl: z.string().optional(),
    deployments: z.array(z.string()).optional(),
    apiVersion: optionalText,
    model: optionalText,
    organization: optionalText,
    project: optionalText,
    region: optionalText,
    allowPrivate: z.boolean().optional(),
    values: z
      .record(nameSchema, secretInput)
      .default({})
      .describe("for another host: the value of each key again, by the key's name"),
    test: z.boolean().default(true),
    keep: z.boolean().default(false).describe("take a value even if the provider refuses it"),
  }),
  output: connectionSchema.extend({ warnings: z.array(z.string()) }),
  async run(control, caller, { ref, name, values, test, keep, ...changes }) {
    const before = await control.connections.resolve(ref);
    const provider = providerById(before.provider, before.preset);
    const { settings, notes } = normaliseSettings(provider, {
      ...inputOfSettings(before.settings),
      ...settingsInputOf(changes),
    });
    const again = await takeInAgain(control, { connection: before, settings, values, test, keep });
    const after = await control.connections.set(caller, before.id, {
      settings,
      ...(name === undefined ? {} : { name }),
      ...(again.values.size === 0 ? {} : { values: again.values }),
    });
    for (const [id, verdict] of again.verdicts) await control.connections.recordVerdict(caller, id, verdict);
    return { ...(await documentOf(control, after)), warnings: [...notes, ...again.warnings] };
  },
});

export const remove = operation({
  name: "connections.remove",
  summary: "Remove a connection that has no keys any more",
  place: "anywhere",
  input: byRef,
  output: doneSchema,
  async run(control, caller, { ref }) {
    await control.connections.remove(caller, (await control.connections.resolve(ref)).id);
    return { done: true as const };
  },
});

async function documentOf(
  control: Control,
  connection: Connection,
): Promise<z.output<typeof connectionSchema>> {
  const keys = await control.connections.keysOf(connection.id);
  return connectionDocument(connection, keys.filter((key) => key.state !== "removed").length);
}
