import { z } from "zod";
import type { Caller } from "../../access/index.ts";
import { formatTime, formatUsd } from "../../kernel/index.ts";
import { resolveProviderName } from "../../providers/index.ts";
import { type PriceFinding, type PriceOverride, priceOverride, refreshPrices } from "../../usage/index.ts";
import type { Control } from "../control.ts";
import { operation } from "../operation.ts";
import { doneSchema, emptySchema, refSchema, timeSchema } from "../schemas.ts";

const usdSchema = z.string().describe("US dollars per million tokens, decimal");
const nullableUsd = usdSchema.nullable();

const overrideSchema = z.object({
  scope: z.string().describe("connection id, provider or preset"),
  model: z.string(),
  inputUsdPerMillion: usdSchema,
  outputUsdPerMillion: usdSchema,
  cacheReadUsdPerMillion: nullableUsd,
  cacheWrite5mUsdPerMillion: nullableUsd,
  cacheWrite1hUsdPerMillion: nullableUsd,
  setAt: timeSchema,
});

const modelInput = {
  provider: z.string().min(1).max(64),
  model: z.string().min(1).max(200),
  connection: refSchema.optional().describe("for this connection only"),
};

export const list = operation({
  name: "prices.list",
  summary: "Prices of your own, and which price data is in force",
  place: "anywhere",
  whileLocked: true,
  withoutHome: true,
  input: emptySchema,
  output: z.object({ version: z.string(), source: z.string(), items: z.array(overrideSchema) }),
  async run({ prices, priceOverrides }) {
    const items = (await priceOverrides.list()).map(overrideDocument);
    return { version: prices.version, source: prices.snapshot.source, items };
  },
});

export const show = operation({
  name: "prices.show",
  summary: "The price of one model, and where it comes from",
  place: "anywhere",
  whileLocked: true,
  withoutHome: true,
  input: z.object(modelInput),
  output: z.object({
    model: z.string(),
    source: z.string(),
    version: z.string(),
    inputUsdPerMillion: nullableUsd,
    outputUsdPerMillion: nullableUsd,
    cacheReadUsdPerMillion: nullableUsd,
    cacheWrite5mUsdPerMillion: nullableUsd,
    cacheWrite1hUsdPerMillion: nullableUsd,
    suggestion: z.string().nullable(),
  }),
  async run(control, _caller, { provider: name, model, connection }) {
    const { provider, preset } = resolveProviderName(name);
    const connectionId = connection === undefined ? "" : (await control.connections.resolve(connection)).id;
    const atMs = control.clock.nowMs();
    const found = control.prices.look({ provider: provider.id, preset, connectionId, model, atMs });
    const rates = "tables" in found ? found.tables[0]?.[0]?.rates : undefined;
    return {
      model,
      source: sourceOf(found),
      version: control.prices.version,
      inputUsdPerMillion: usd(rates?.input),
      outputUsdPerMillion: usd(rates?.output),
      cacheReadUsdPerMillion: usd(rates?.cacheRead),
      cacheWrite5mUsdPerMillion: usd(rates?.cacheWrite5m),
      cacheWrite1hUsdPerMillion: usd(rates?.cacheWrite1h),
      suggestion: found.from === "nowhere" ? (found.suggestion ?? null) : null,
    };
  },
});

export const set = operation({
  name: "prices.set",
  summary: "A price of your own; it wins over the price data",
  place: "anywhere",
  input: z.object({
    ...modelInput,
    inputUsdPerMillion: usdSchema,
    outputUsdPerMillion: usdSchema,
    cacheReadUsdPerMillion: usdSchema.optional(),
    cacheWrite5mUsdPerMillion: usdSchema.optional(),
    cacheWrite1hUsdPerMillion: usdSchema.optional(),
  }),
  output: overrideSchema,
  async run(control, caller, input) {
    const price = priceOverride(
      {
        scope: await scopeOf(control, input),
        model: input.model,
        inputUsd: input.inputUsdPerMillion,
        outputUsd: input.outputUsdPerMillion,
        cacheReadUsd: input.cacheReadUsdPerMillion,
        cacheWrite5mUsd: input.cacheWrite5mUsdPerMillion,
        cacheWrite1hUsd: input.cacheWrite1hUsdPerMillion,
      },
      control.clock.nowMs(),
    );
    await change(
      control,
      caller,
      "price.set",
      price,
      async (tx) => await control.priceOverrides.set(tx, price),
    );
    return overrideDocument(price);
  },
});

export const remove = operation({
  name: "prices.remove",
  summary: "Go back to the price data for one model",
  place: "anywhere",
  input: z.object(modelInput),
  output: doneSchema,
  async run(control, caller, input) {
    const price = { scope: await scopeOf(control, input), model: input.model };
    await change(
      control,
      caller,
      "price.remove",
      price,
      async (tx) => await control.priceOverrides.remove(tx, price),
    );
    return { done: true as const };
  },
});

export const refresh = operation({
  name: "prices.refresh",
  summary: "Take newer price data, after checking it",
  place: "own-process",
  input: z.object({
    data: z.string(),
    source: z.string().max(500),
    acceptChanges: z.boolean().default(false),
  }),
  output: z.object({ version: z.string() }),
  async run(control, caller, { data, source, acceptChanges }) {
    const act = { action: "price.refresh", permission: "prices.manage", details: { source } } as const;
    return await control.perform(caller, act, async () => {
      const { priceFile: file, prices } = control;
      const snapshot = await refreshPrices({
        text: data,
        source,
        current: prices.snapshot,
        file,
        acceptChanges,
      });
      prices.replaceSnapshot(snapshot);
      return { version: prices.version };
    });
  },
});

async function change(
  control: Control,
  caller: Caller,
  action: string,
  { scope, model }: Pick<PriceOverride, "scope" | "model">,
  work: Parameters<typeof control.perform<void>>[2],
): Promise<void> {
  const act = { action, permission: "prices.manage", details: { scope, model } } as const;
  await control.perform(caller, act, work);
  control.prices.replaceOverrides(await control.priceOverrides.list());
}

async function scopeOf(
  control: Control,
  input: { provider: string; connection?: string | undefined },
): Promise<string> {
  if (input.connection !== undefined) return (await control.connections.resolve(input.connection)).id;
  const { provider, preset } = resolveProviderName(input.provider);
  return preset ?? provider.id;
}

function sourceOf(found: PriceFinding): string {
  switch (found.from) {
    case "override":
      return "your own price";
    case "list":
      return `price list ${found.list}, as ${found.listed.id}`;
    case "free":
      return "runs on this machine, free";
    case "nowhere":
      return "no price known: requests are counted as unpriced";
  }
}

function overrideDocument(price: PriceOverride): z.output<typeof overrideSchema> {
  return {
    scope: price.scope,
    model: price.model,
    inputUsdPerMillion: formatUsd(price.inputNanos),
    outputUsdPerMillion: formatUsd(price.outputNanos),
    cacheReadUsdPerMillion: usd(price.cacheReadNanos),
    cacheWrite5mUsdPerMillion: usd(price.cacheWrite5mNanos),
    cacheWrite1hUsdPerMillion: usd(price.cacheWrite1hNanos),
    setAt: formatTime(price.setAtMs),
  };
}

function usd(nanos: bigint | null | undefined): string | null {
  return nanos === null || nanos === undefined ? null : formatUsd(nanos);
}
