import { z } from "zod";
import { formatUsd } from "../../kernel/index.ts";
import { retirementOf } from "../../providers/index.ts";
import type { Connection } from "../../connections/index.ts";
import type { Control } from "../control.ts";
import { operation } from "../operation.ts";
import { refSchema } from "../schemas.ts";

const modelSchema = z.object({
  model: z.string(),
  connection: z.string(),
  provider: z.string(),
  inputUsdPerMillion: z.string().nullable(),
  outputUsdPerMillion: z.string().nullable(),
  retiresAt: z.string().nullable(),
  retired: z.boolean(),
  replacement: z.string().nullable(),
});

export const list = operation({
  name: "models.list",
  summary: "Models that the connections offer, with price and retirement",
  place: "anywhere",
  withoutHome: true,
  input: z.object({ connection: refSchema.optional() }),
  output: z.object({ items: z.array(modelSchema), problems: z.array(z.string()) }),
  async run(control, caller, { connection }) {
    const connections =
      connection === undefined
        ? await control.connections.list()
        : [await control.connections.resolve(connection)];
    const items: z.output<typeof modelSchema>[] = [];
    const problems: string[] = [];
    for (const one of connections) {
      const answer = await control.modelLists.of(caller, one);
      if (answer.problem !== undefined) problems.push(`${one.name}: ${answer.problem}`);
      items.push(...answer.models.map((model) => modelDocument(control, one, model)));
    }
    return { items, problems };
  },
});

function modelDocument(
  control: Control,
  connection: Connection,
  model: { id: string; shutdownDate?: string | undefined },
) {
  const nowMs = control.clock.nowMs();
  const rates = control.prices.look({
    ...connection,
    connectionId: connection.id,
    model: model.id,
    atMs: nowMs,
  });
  const first = "tables" in rates ? rates.tables[0]?.[0]?.rates : undefined;
  const known = retirementOf(connection.provider, model.id, nowMs);
  const retiresAt = model.shutdownDate ?? known?.date ?? null;
  return {
    model: model.id,
    connection: connection.name,
    provider: connection.provider,
    inputUsdPerMillion: perMillion(first?.input),
    outputUsdPerMillion: perMillion(first?.output),
    retiresAt,
    retired: retiresAt !== null && Date.parse(retiresAt) <= nowMs,
    replacement: known?.replacement ?? null,
  };
}

function perMillion(nanos: bigint | null | undefined): string | null {
  return nanos === undefined || nanos === null ? null : formatUsd(nanos);
}
