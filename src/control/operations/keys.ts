import { z } from "zod";
import { newestOf, seenRates } from "../../budgets/index.ts";
import type { ProviderKey } from "../../connections/index.ts";
import { AppError } from "../../kernel/index.ts";
import { normaliseSettings, providerById, resolveProviderName } from "../../providers/index.ts";
import type { Control } from "../control.ts";
import { keyDocument, keySchema, testDocument, testSchema } from "../documents.ts";
import { takeIn } from "../key-intake.ts";
import { operation } from "../operation.ts";
import { providerRatesDocument, providerRatesSchema } from "../provider-rates-document.ts";
import {
  classSchema,
  emptySchema,
  labelSchema,
  listOf,
  nameSchema,
  refSchema,
  secretInput,
  timeSchema,
} from "../schemas.ts";
import { settingsFields, settingsInputOf } from "../settings-input.ts";

const labelsInput = {
  class: classSchema.optional(),
  owner: labelSchema.optional(),
  purpose: labelSchema.optional(),
  expiresAt: timeSchema.optional(),
};

const outcomeSchema = keySchema.extend({ test: testSchema.nullable(), warnings: z.array(z.string()) });

/** What the CLI asks before it asks for the key. */
export const providerHelp = operation({
  name: "keys.providerHelp",
  summary: "Which variables usually hold a provider's key, and whether it needs one",
  place: "anywhere",
  whileLocked: true,
  withoutHome: true,
  input: z.object({ provider: z.string().min(1).max(64) }),
  output: z.object({
    keyVariables: z.array(z.string()),
    keyOptional: z.boolean(),
    keysPage: z.string().nullable(),
  }),
  async run(_control, _caller, input) {
    const { provider } = resolveProviderName(input.provider);
    return {
      keyVariables: [...provider.keyVariables],
      keyOptional: provider.keyOptional ?? false,
      keysPage: provider.links.keys ?? null,
    };
  },
});

export const add = operation({
  name: "keys.add",
  summary: "Test a provider key and store it",
  place: "anywhere",
  input: z.object({
    provider: z.string().min(1).max(64),
    value: secretInput,
    connection: nameSchema.optional(),
    name: nameSchema.optional(),
    admin: z.boolean().default(false),
    test: z.boolean().default(true),
    keep: z.boolean().default(false).describe("store it even if the provider refuses it"),
    ...settingsFields,
    ...labelsInput,
  }),
  output: outcomeSchema,
  async run(control, caller, input) {
    const { provider, preset } = resolveProviderName(input.provider);
    const { settings, notes } = normaliseSettings(provider, settingsInputOf(input));
    const kind = input.admin ? "admin" : "inference";
    const taken = await takeIn(control, {
      provider,
      settings,
      value: input.value,
      kind,
      test: input.test,
      keep: input.keep,
    });
    const { key } = await control.connections.addKey(caller, {
      provider: provider.id,
      preset,
      settings,
      connectionName: input.connection,
      name: input.name,
      value: taken.value,
      kind,
      class: input.class ?? null,
      owner: input.owner ?? null,
      purpose: input.purpose ?? null,
      expiresAtMs: input.expiresAt === undefined ? null : Date.parse(input.expiresAt),
      verdict: taken.verdict,
    });
    return {
      ...(await documentOf(control, key)),
      test: taken.test && testDocument(taken.test),
      warnings: [...notes, ...taken.warnings],
    };
  },
});

export const replace = operation({
  name: "keys.replace",
  summary: "Test a new value, store it as the next version, and use it from now on",
  place: "anywhere",
  input: z.object({
    ref: refSchema,
    value: secretInput,
    test: z.boolean().default(true),
    keep: z.boolean().default(false),
  }),
  output: outcomeSchema,
  async run(control, caller, { ref, value, test, keep }) {
    const before = await control.connections.resolveKey(ref);
    const connection = await control.connections.byId(before.connectionId);
    const provider = providerById(connection.provider, connection.preset);
    const taken = await takeIn(control, {
      provider,
      settings: connection.settings,
      value,
      kind: before.kind,
      test,
      keep,
    });
    const key = await control.connections.replaceKey(caller, before.id, {
      value: taken.value,
      verdict: taken.verdict,
    });
    return {
      ...(await documentOf(control, key)),
      test: taken.test && testDocument(taken.test),
      warnings: taken.warnings,
    };
  },
});

export const list = operation({
  name: "keys.list",
  summary: "All provider keys, without their values",
  place: "anywhere",
  withoutHome: true,
  input: emptySchema,
  output: listOf(keySchema),
  async run(control) {
    const connections = await control.connections.list();
    const items = await Promise.all(
      connections.map(async (connection) => {
        const keys = await control.connections.keysOf(connection.id);
        return keys.filter((key) => key.state !== "removed").map((key) => keyDocument(key, connection));
      }),
    );
    return { items: items.flat() };
  },
});

export const show = operation({
  name: "keys.show",
  summary: "One provider key, without its value, and what its provider last told of its limits",
  place: "anywhere",
  withoutHome: true,
  input: z.object({ ref: refSchema }),
  output: keySchema.extend({ providerRates: z.array(providerRatesSchema) }),
  async run(control, _caller, { ref }) {
    const key = await control.connections.resolveKey(ref);
    const live = control.running?.providerRates(key.id) ?? [];
    const seen = newestOf([...(await seenRates(control.store, key.id)), ...live]);
    return {
      ...(await documentOf(control, key)),
      providerRates: seen.map((one) => providerRatesDocument(one, control.clock.nowMs())),
    };
  },
});

export const test = operation({
  name: "keys.test",
  summary: "Ask the provider about a stored key with the cheapest call there is",
  place: "anywhere",
  input: z.object({ ref: refSchema }),
  output: z.object({ id: z.string(), name: z.string(), connection: z.string(), ...testSchema.shape }),
  async run(control, caller, { ref }) {
    const key = await control.connections.resolveKey(ref);
    if (key.kind === "admin") {
      throw new AppError("unsupported", `"${key.name}" manages keys; the test call is one for requests`, {
        hint: "test a key for requests: ownkey keys list",
      });
    }
    const connection = await control.connections.byId(key.connectionId);
    const value = await control.connections.borrow(caller, key.id, "key.test");
    const result = await control.keyTester.test({
      provider: providerById(connection.provider, connection.preset),
      settings: connection.settings,
      value,
    });
    await control.connections.recordVerdict(caller, key.id, result.verdict);
    return { id: key.id, name: key.name, connection: connection.name, ...testDocument(result) };
  },
});

export const rename = operation({
  name: "keys.rename",
  summary: "Give a key another name within its connection",
  place: "anywhere",
  input: z.object({ ref: refSchema, name: nameSchema }),
  output: keySchema,
  async run(control, caller, { ref, name }) {
    const key = await control.connections.resolveKey(ref);
    return await documentOf(control, await control.connections.renameKey(caller, key.id, name));
  },
});

export const disable = operation({
  name: "keys.disable",
  summary: "Stop lending a key, reversibly",
  place: "anywhere",
  whileLocked: true,
  input: z.object({ ref: refSchema }),
  output: keySchema,
  async run(control, caller, { ref }) {
    const key = await control.connections.resolveKey(ref);
    return await documentOf(control, await control.connections.setKeyState(caller, key.id, "disabled"));
  },
});

export const enable = operation({
  name: "keys.enable",
  summary: "Lend a disabled key again",
  place: "anywhere",
  input: z.object({ ref: refSchema }),
  output: keySchema,
  async run(control, caller, { ref }) {
    const key = await control.connections.resolveKey(ref);
    return await documentOf(control, await control.connections.setKeyState(caller, key.id, "active"));
  },
});

export const remove = operation({
  name: "keys.remove",
  summary: "Destroy a key's stored value; its history stays",
  place: "anywhere",
  input: z.object({ ref: refSchema }),
  output: keySchema,
  async run(control, caller, { ref }) {
    const key = await control.connections.resolveKey(ref);
    const before = await documentOf(control, key);
    await control.connections.removeKey(caller, key.id);
    return { ...before, state: "removed" as const };
  },
});

export const reveal = operation({
  name: "keys.reveal",
  summary: "The key itself, for its owner at a terminal",
  place: "own-process",
  input: z.object({ ref: refSchema }),
  output: z.object({ id: z.string(), value: z.string() }),
  async run(control, caller, { ref }) {
    const key = await control.connections.resolveKey(ref);
    const value = await control.connections.reveal(caller, key.id);
    return { id: key.id, value: value.reveal() };
  },
});

async function documentOf(control: Control, key: ProviderKey) {
  return keyDocument(key, await control.connections.byId(key.connectionId));
}
