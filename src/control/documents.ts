/** The documents that `--json` prints and the control API answers, and how they are made from the domains' records. */
import { z } from "zod";
import { RATE_LIMIT_NAMES, type RateLimits, type VirtualKey } from "../access/index.ts";
import {
  type Connection,
  dueAtMs,
  EXPOSURES,
  type ProviderKey,
  type TestResult,
} from "../connections/index.ts";
import { formatTime } from "../kernel/index.ts";
import { VERDICTS } from "../providers/index.ts";
import { ownBudgetSchema } from "./budget-documents.ts";
import { classSchema, nullableTime, rateLimitsSchema, timeSchema } from "./schemas.ts";

const verdictSchema = z.enum([...VERDICTS, "untested"]);

export const keySchema = z.object({
  id: z.string(),
  name: z.string(),
  provider: z.string(),
  connection: z.string(),
  kind: z.enum(["inference", "admin"]),
  class: classSchema.nullable(),
  fingerprint: z.string(),
  version: z.number().int(),
  verdict: verdictSchema,
  verdictAt: nullableTime,
  state: z.enum(["active", "disabled", "revoked", "removed"]),
  owner: z.string().nullable(),
  purpose: z.string().nullable(),
  createdAt: timeSchema,
  lastUsedAt: nullableTime,
  expiresAt: nullableTime,
  dueAt: nullableTime,
  exposed: z.array(z.enum(EXPOSURES)).describe("where others could have read it: replace it at its provider"),
});

export function keyDocument(key: ProviderKey, connection: Connection): z.output<typeof keySchema> {
  return {
    id: key.id,
    name: key.name,
    provider: connection.provider,
    connection: connection.name,
    kind: key.kind,
    class: key.class,
    fingerprint: key.fingerprint,
    version: key.version,
    verdict: key.verdict,
    verdictAt: optionalTime(key.verdictAtMs),
    state: key.state,
    owner: key.owner,
    purpose: key.purpose,
    createdAt: formatTime(key.createdAtMs),
    lastUsedAt: optionalTime(key.lastUsedAtMs),
    expiresAt: optionalTime(key.expiresAtMs),
    dueAt: optionalTime(dueAtMs(key)),
    exposed: [...(key.exposed ?? [])],
  };
}

export const testSchema = z.object({
  verdict: verdictSchema,
  explanation: z.string(),
  providerText: z.string().nullable(),
  curl: z.string(),
  proves: z.string(),
  durationMs: z.number(),
  retryAfterMs: z.number().nullable(),
  link: z.string().nullable(),
});

export function testDocument(result: TestResult): z.output<typeof testSchema> {
  return {
    verdict: result.verdict,
    explanation: result.explanation,
    providerText: result.providerText ?? null,
    curl: result.curl,
    proves: result.proves,
    durationMs: Math.round(result.durationMs),
    retryAfterMs: result.retryAfterMs ?? null,
    link: result.link ?? null,
  };
}

export const connectionSchema = z.object({
  id: z.string(),
  name: z.string(),
  provider: z.string(),
  preset: z.string().nullable(),
  baseUrl: z.string(),
  organization: z.string().nullable(),
  project: z.string().nullable(),
  region: z.string().nullable(),
  deployments: z.record(z.string(), z.string()),
  apiVersion: z.string().nullable(),
  model: z.string().nullable(),
  allowPrivate: z.boolean(),
  insecureHttp: z.boolean(),
  keys: z.number().int(),
  createdAt: timeSchema,
});

export function connectionDocument(connection: Connection, keys: number): z.output<typeof connectionSchema> {
  const { settings } = connection;
  return {
    id: connection.id,
    name: connection.name,
    provider: connection.provider,
    preset: connection.preset,
    baseUrl: settings.baseUrl,
    organization: settings.organization ?? null,
    project: settings.project ?? null,
    region: settings.region ?? null,
    deployments: { ...settings.deployments },
    apiVersion: settings.apiVersion ?? null,
    model: settings.model ?? null,
    allowPrivate: settings.allowPrivate ?? false,
    insecureHttp: settings.insecureHttp ?? false,
    keys,
    createdAt: formatTime(connection.createdAtMs),
  };
}

export const virtualKeySchema = z.object({
  id: z.string(),
  name: z.string(),
  hint: z.string(),
  state: z
    .enum(["active", "expired", "disabled", "revoked"])
    .describe("expired: refused since expiresAt, until it has a later one"),
  generation: z.number().int(),
  connections: z.array(z.string()),
  defaultConnection: z.string().nullable(),
  models: z.array(z.string()),
  paths: z.array(z.string()),
  addresses: z.array(z.string()),
  regions: z.array(z.string()),
  rateLimits: rateLimitsSchema,
  budgets: z.array(ownBudgetSchema),
  user: z.string().nullable(),
  team: z.string().nullable(),
  project: z.string().nullable(),
  tool: z.string().nullable(),
  class: classSchema.nullable(),
  purpose: z.string().nullable(),
  metadata: z.record(z.string(), z.string()),
  createdAt: timeSchema,
  lastUsedAt: nullableTime,
  expiresAt: nullableTime,
});

/** Every limit by name; `null` = not limited. */
export function rateLimitsDocument(limits: RateLimits | null): z.output<typeof rateLimitsSchema> {
  const all = RATE_LIMIT_NAMES.map((name) => [name, limits?.[name] ?? null] as const);
  return Object.fromEntries(all) as z.output<typeof rateLimitsSchema>;
}

export interface AboutVirtualKey {
  /** Connections' names by their ids. */
  readonly names: ReadonlyMap<string, string>;
  /** The key's own. */
  readonly budgets: readonly z.output<typeof ownBudgetSchema>[];
  readonly nowMs: number;
}

export function virtualKeyDocument(
  key: VirtualKey,
  { names, budgets, nowMs }: AboutVirtualKey,
): z.output<typeof virtualKeySchema> {
  const { policy } = key;
  const isOver = key.expiresAtMs !== null && key.expiresAtMs <= nowMs;
  const nameOf = (id: string) => names.get(id) ?? id;
  return {
    id: key.id,
    name: key.name,
    hint: key.hint,
    state: key.state === "active" && isOver ? "expired" : key.state,
    generation: key.generation,
    connections: policy.connections.map(nameOf),
    defaultConnection: policy.defaultConnection === null ? null : nameOf(policy.defaultConnection),
    models: [...policy.models],
    paths: [...policy.paths],
    addresses: [...policy.addresses],
    regions: [...policy.regions],
    rateLimits: rateLimitsDocument(policy.rateLimits),
    budgets: [...budgets],
    user: policy.user,
    team: policy.team,
    project: policy.project,
    tool: policy.tool,
    class: policy.class,
    purpose: policy.purpose,
    metadata: { ...policy.metadata },
    createdAt: formatTime(key.createdAtMs),
    lastUsedAt: optionalTime(key.lastUsedAtMs),
    expiresAt: optionalTime(key.expiresAtMs),
  };
}

export function optionalTime(timeMs: number | null | undefined): string | null {
  return timeMs === null || timeMs === undefined ? null : formatTime(timeMs);
}
