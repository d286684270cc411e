import { z } from "zod";
import { checkedRange, type VirtualKey, type VirtualKeyPolicy } from "../../access/index.ts";
import { type Amount, parseAmount } from "../../budgets/index.ts";
import { pathPattern } from "../../gateway/index.ts";
import { AppError } from "../../kernel/index.ts";
import { amountSchema, ownBudgets } from "../budget-documents.ts";
import type { Control } from "../control.ts";
import { virtualKeyDocument, virtualKeySchema } from "../documents.ts";
import { operation } from "../operation.ts";
import {
  classSchema,
  labelSchema,
  nameSchema,
  rateLimitChangesSchema,
  refSchema,
  timeSchema,
} from "../schemas.ts";
import { setBudgets } from "../virtual-key-budgets.ts";

const patternSchema = z.string().min(1).max(200);
const pathSchema = patternSchema
  .regex(/^[/*]/, "must begin with / or *")
  .describe("* stands for any run of characters; /v1 is put before a path without a version");

const rangeSchema = z.string().min(1).max(100).describe("an address or a range: 10.0.0.0/8, 2001:db8::/32");
const regionSchema = z
  .string()
  .regex(
    /^[A-Za-z0-9][A-Za-z0-9._-]{0,62}$/,
    "must be 1 to 63 letters, digits, . _ -, beginning with a letter or digit",
  );
const metadataName = z
  .string()
  .regex(
    /^[A-Za-z0-9][A-Za-z0-9._/-]{0,62}$/,
    "must be 1 to 63 letters, digits, . _ / -, beginning with a letter or digit",
  );
const metadataSchema = z
  .record(metadataName, z.string().max(500).nullable())
  .describe("what is not named stays; null takes an entry out");

const policyInput = {
  connections: z.array(refSchema).optional(),
  defaultConnection: refSchema.optional(),
  models: z.array(patternSchema).optional(),
  paths: z.array(pathSchema).optional(),
  addresses: z.array(rangeSchema).optional(),
  regions: z.array(regionSchema).optional(),
  rateLimits: rateLimitChangesSchema.optional(),
  budgets: z.array(amountSchema).max(4).optional().describe("hard budgets to set, one for each period"),
  user: labelSchema.optional(),
  team: labelSchema.optional(),
  project: labelSchema.optional(),
  tool: labelSchema.optional(),
  class: classSchema.optional(),
  purpose: labelSchema.optional(),
  metadata: metadataSchema.optional(),
  expiresAt: timeSchema.optional(),
};

type PolicyInput = { [Name in keyof typeof policyInput]?: z.output<(typeof policyInput)[Name]> };

/** The only documents that ever hold a virtual key. */
const withKeySchema = virtualKeySchema.extend({ key: z.string().describe("shown this once") });

/** As `Tombstone`. */
const tombstoneSchema = z.object({
  id: z.string(),
  name: z.string(),
  state: z.enum(["disabled", "revoked"]),
});

const byRef = z.object({ ref: refSchema });

export const create = operation({
  name: "vk.create",
  summary: "Make a virtual key; it is in this answer and nowhere else",
  place: "anywhere",
  input: z.object({ name: nameSchema, ...policyInput }),
  output: withKeySchema,
  async run(control, caller, input) {
    // Before anything is made: a key must not exist without the budget it was meant to have.
    const amounts = amountsOf(input);
    const { virtualKey, token } = await control.virtualKeys.create(caller, {
      name: input.name,
      policy: await policyOf(control, input),
      ...changesOf(input),
      expiresAtMs: input.expiresAt === undefined ? null : Date.parse(input.expiresAt),
    });
    try {
      await setBudgets(control, caller, virtualKey, amounts);
    } catch (error) {
      // Nobody has seen it yet.
      await control.virtualKeys.revoke(caller, virtualKey.id);
      throw error;
    }
    return { ...(await documentOf(control, virtualKey)), key: token.reveal() };
  },
});

export const list = operation({
  name: "vk.list",
  summary: "Virtual keys, oldest first, page by page",
  place: "anywhere",
  withoutHome: true,
  input: z.object({
    limit: z.number().int().min(1).max(10_000).default(1000),
    after: z
      .string()
      .regex(/^(?:vk_[0-9a-z]{1,60})?$/, "must be the id of a virtual key: vk_…")
      .default("")
      .describe("only keys made after the one with this id: the next page"),
  }),
  output: z.object({
    items: z.array(virtualKeySchema),
    next: z.string().nullable().describe("`after` of the next page, when there is one"),
  }),
  async run(control, _caller, { limit, after }) {
    const [keys, names, budgetsOf] = await Promise.all([
      // One more tells whether there is another page.
      control.virtualKeys.page(after, limit + 1),
      connectionNames(control),
      ownBudgets(control),
    ]);
    const page = keys.slice(0, limit);
    const nowMs = control.clock.nowMs();
    return {
      items: page.map((key) => virtualKeyDocument(key, { names, budgets: budgetsOf(key.id), nowMs })),
      next: keys.length > limit ? (page.at(-1)?.id ?? null) : null,
    };
  },
});

export const show = operation({
  name: "vk.show",
  summary: "One virtual key",
  place: "anywhere",
  withoutHome: true,
  input: byRef,
  output: virtualKeySchema,
  async run(control, _caller, { ref }) {
    return await documentOf(control, await control.virtualKeys.resolve(ref));
  },
});

export const set = operation({
  name: "vk.set",
  summary: "Change what a virtual key may do",
  place: "anywhere",
  input: z.object({ ref: refSchema, name: nameSchema.optional(), ...policyInput }),
  output: virtualKeySchema,
  async run(control, caller, { ref, ...input }) {
    const amounts = amountsOf(input);
    const virtualKey = await control.virtualKeys.set(caller, ref, {
      policy: await policyOf(control, input),
      ...changesOf(input),
      ...(input.name === undefined ? {} : { name: input.name }),
      ...(input.expiresAt === undefined ? {} : { expiresAtMs: Date.parse(input.expiresAt) }),
    });
    await setBudgets(control, caller, virtualKey, amounts);
    return await documentOf(control, virtualKey);
  },
});

export const reissue = operation({
  name: "vk.reissue",
  summary: "A new secret for the same virtual key",
  place: "anywhere",
  input: z.object({ ref: refSchema, graceUntil: timeSchema.optional() }),
  output: withKeySchema,
  async run(control, caller, { ref, graceUntil }) {
    const graceMs =
      graceUntil === undefined ? 0 : Math.max(0, Date.parse(graceUntil) - control.clock.nowMs());
    const { virtualKey, token } = await control.virtualKeys.reissue(caller, ref, { graceMs });
    return { ...(await documentOf(control, virtualKey)), key: token.reveal() };
  },
});

export const disable = operation({
  name: "vk.disable",
  summary: "Refuse a virtual key, reversibly",
  place: "anywhere",
  whileLocked: true,
  input: byRef,
  output: tombstoneSchema,
  async run(control, caller, { ref }) {
    return await control.virtualKeys.disable(caller, ref);
  },
});

export const enable = operation({
  name: "vk.enable",
  summary: "Accept a disabled virtual key again",
  place: "anywhere",
  input: byRef,
  output: virtualKeySchema,
  async run(control, caller, { ref }) {
    return await documentOf(control, await control.virtualKeys.enable(caller, ref));
  },
});

export const revoke = operation({
  name: "vk.revoke",
  summary: "Refuse a virtual key and every token made from it, for good",
  place: "anywhere",
  whileLocked: true,
  input: byRef,
  output: tombstoneSchema,
  async run(control, caller, { ref }) {
    return await control.virtualKeys.revoke(caller, ref);
  },
});

async function documentOf(control: Control, key: VirtualKey): Promise<z.output<typeof virtualKeySchema>> {
  const budgetsOf = await ownBudgets(control);
  const names = await connectionNames(control);
  return virtualKeyDocument(key, { names, budgets: budgetsOf(key.id), nowMs: control.clock.nowMs() });
}

/** @throws AppError `invalid_input`, also for two amounts of the same period. */
function amountsOf({ budgets = [] }: PolicyInput): Amount[] {
  const amounts = budgets.map(parseAmount);
  if (new Set(amounts.map(({ unit }) => unit)).size === amounts.length) return amounts;
  throw new AppError("invalid_input", "two budgets were given for the same period", {
    hint: "give one amount for each period: --budget 20usd/month --budget 2usd/day",
  });
}

async function connectionNames(control: Control): Promise<ReadonlyMap<string, string>> {
  const connections = await control.connections.list();
  return new Map(connections.map(({ id, name }) => [id, name]));
}

/** Only what was given; connections by their ids. */
async function policyOf(control: Control, input: PolicyInput): Promise<Partial<VirtualKeyPolicy>> {
  const idOf = async (ref: string) => (await control.connections.resolve(ref)).id;
  return {
    ...(input.connections === undefined
      ? {}
      : { connections: await Promise.all(input.connections.map(idOf)) }),
    ...(input.defaultConnection === undefined
      ? {}
      : { defaultConnection: await idOf(input.defaultConnection) }),
    ...(input.models === undefined ? {} : { models: input.models }),
    ...(input.paths === undefined ? {} : { paths: input.paths.map(pathPattern) }),
    ...(input.addresses === undefined ? {} : { addresses: input.addresses.map(checkedRange) }),
    ...(input.regions === undefined ? {} : { regions: input.regions.map((region) => region.toLowerCase()) }),
    ...(input.user === undefined ? {} : { user: input.user }),
    ...(input.team === undefined ? {} : { team: input.team }),
    ...(input.project === undefined ? {} : { project: input.project }),
    ...(input.tool === undefined ? {} : { tool: input.tool }),
    ...(input.class === undefined ? {} : { class: input.class }),
    ...(input.purpose === undefined ? {} : { purpose: input.purpose }),
  };
}

/** Limits and metadata change entry by entry. */
function changesOf({ rateLimits, metadata }: PolicyInput) {
  return {
    ...(rateLimits === undefined ? {} : { rateLimits }),
    ...(metadata === undefined ? {} : { metadata }),
  };
}
