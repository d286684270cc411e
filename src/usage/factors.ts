import type { ProviderId } from "../providers/index.ts";
import type { Multiplier } from "./multipliers.ts";
import { STANDARD_TIERS } from "./multipliers.ts";
import { largest } from "./rates.ts";

/** What decides over the factors of one request. */
export interface FactorInput {
  readonly provider: ProviderId;
  readonly model: string;
  readonly atMs: number;
}

/** A factor in millionths: tier and place multiplied. */
export const ONE = 1_000_000n;
const ONE_PERMILLE = 1000n;

/** The factor of an answer; `undefined` for a tier whose price is not known. */
export function factorOf(
  table: readonly Multiplier[],
  input: FactorInput & { readonly tier: string | null; readonly geo: string | null },
): bigint | undefined {
  const name = input.tier?.toLowerCase() ?? "standard";
  const tier = permille(table, input, "tier", name) ?? (STANDARD_TIERS.has(name) ? ONE_PERMILLE : undefined);
  const geo = permille(table, input, "geo", input.geo?.toLowerCase() ?? "") ?? ONE_PERMILLE;
  return tier === undefined ? undefined : tier * geo;
}

/** The dearest factor that an answer may turn out to have, whatever tier and place it names. */
export function dearestFactor(table: readonly Multiplier[], input: FactorInput): bigint {
  const dearest = (kind: Multiplier["kind"]) => {
    const names = new Set(table.filter((entry) => entry.kind === kind).map(({ name }) => name));
    return largest(
      ONE_PERMILLE,
      ...[...names].map((name) => permille(table, input, kind, name) ?? ONE_PERMILLE),
    );
  };
  return dearest("tier") * dearest("geo");
}

function permille(
  table: readonly Multiplier[],
  { provider, model, atMs }: FactorInput,
  kind: Multiplier["kind"],
  name: string,
): bigint | undefined {
  const plain = model.toLowerCase().replace(/^models\//, "");
  return table.find(
    (entry) =>
      entry.kind === kind &&
      entry.name === name &&
      entry.providers.includes(provider) &&
      (entry.models?.test(plain) ?? true) &&
      (entry.since === undefined || atMs >= Date.parse(`${entry.since}T00:00:00Z`)),
  )?.permille;
}
