import { z } from "zod";
import { normaliseSettings, providerById } from "../../providers/index.ts";
import type { Connection } from "../../connections/index.ts";
import type { Control } from "../control.ts";
import { connectionDocument, connectionSchema } from "../documents.ts";
import { operation } from "../operation.ts";
import { inputOfSettings, settingsInputOf } from "../settings-input.ts";
import { doneSchema, emptySchema, listOf, nameSchema, refSchema } from "../schemas.ts";

const byRef = z.object({ ref: refSchema });

export const list = operation({
  name: "connections.list",
  summary: "All connections",
  place: "anywhere",
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
  }),
  output: connectionSchema,
  async run(control, caller, { ref, name, ...changes }) {
    const before = await control.connections.resolve(ref);
    const provider = providerById(before.provider, before.preset);
    const { settings } = normaliseSettings(provider, {
      ...inputOfSettings(before.settings),
      ...settingsInputOf(changes),
    });
    const after = await control.connections.set(caller, before.id, {
      settings,
      ...(name === undefined ? {} : { name }),
    });
    return await documentOf(control, after);
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
