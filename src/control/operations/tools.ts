import { join } from "node:path";
import { z } from "zod";
import { type Caller, toolKeyName } from "../../access/index.ts";
import { parseAmount } from "../../budgets/index.ts";
import { adoptionOfChange, keepVirtualKeys } from "../../adopt/index.ts";
import { isGatewayUrl } from "../../doctor/index.ts";
import { assertPublicUrl, forgetDoor } from "../../door/index.ts";
import { AppError, formatTime, maskSecrets, toAppError } from "../../kernel/index.ts";
import { installedProgramPath } from "../../service/index.ts";
import {
  ADAPTERS,
  type ConnectTarget,
  cursorBaseUrl,
  detectTool,
  explainTool,
  isOwnkeyCredential,
  isTokenCommand,
  shownValue,
  Sources,
  type ToolAdapter,
  type ToolMachine,
} from "../../tools/index.ts";
import { amountSchema } from "../budget-documents.ts";
import type { Control } from "../control.ts";
import { operation } from "../operation.ts";
import { doneSchema, listOf, nullableTime, refSchema, timeSchema } from "../schemas.ts";
import { assertWayIn, fromOutside, OUTSIDE_LIMITS, TUNNEL_ADDRESS } from "../tools/from-outside.ts";
import { gatewayUrlOf } from "../tools/gateway-url.ts";
import { knownAdapter, machineOf, shellInput } from "../tools/machine.ts";
import { diffLines, fileDocument, planTool, stepDocument } from "../tools/tool-plan.ts";
import { toolKeyFor } from "../tools/tool-key.ts";
import { verifyTool } from "../tools/verify-tool.ts";
import { versionOf } from "../tools/versions.ts";
import { modelsFor } from "../tools/models-for.ts";
import { chooseWay } from "../tools/way.ts";
import { fileChangeSchema } from "../file-change.ts";
import { settingOf } from "../setting-of.ts";

const toolId = z.string().min(1).max(64);

const stateSchema = z
  .enum(["connected", "partly", "direct", "subscription", "not_set_up", "guide"])
  .describe(
    "partly: address or key only; direct: a key of its own, past Ownkey; guide: its settings cannot be read",
  );

const itemSchema = z.object({
  id: z.string(),
  name: z.string(),
  found: z.string().nullable().describe("the place that gives it away"),
  version: z.string().nullable(),
  state: stateSchema,
  key: z
    .string()
    .nullable()
    .describe("the key that it would really use, as a hint, or the command that prints it"),
  keyFrom: z.string().nullable(),
  fingerprint: z.string().nullable(),
  goesTo: z.string(),
  takes: z.enum(["command", "reference", "literal", "dialog"]),
  notInAll: z.string().nullable().describe("why --all leaves it out"),
  notes: z.array(z.string()),
});

export const list = operation({
  name: "tools.list",
  summary: "Tools on this machine, the key and address each would really use, and whether that is Ownkey's",
  place: "anywhere",
  withoutHome: true,
  input: z.object({
    ...shellInput,
    all: z.boolean().default(false).describe("those that were not found as well"),
    versions: z.boolean().default(true).describe("start each tool with --version"),
  }),
  output: listOf(itemSchema),
  async run(control, _caller, { all, versions, ...shell }) {
    const machine = machineOf(shell);
    const found = ADAPTERS.map((adapter) => ({ adapter, place: detectTool(adapter, machine) ?? null }));
    const shown = found.filter(({ place }) => all || place !== null);
    const items = await Promise.all(
      shown.map(async ({ adapter, place }) => ({
        ...itemOf(control, adapter, machine),
        found: place,
        version: versions && place !== null ? await versionOf(adapter, machine) : null,
      })),
    );
    return { items };
  },
});

const stepSchema = z.object({
  text: z.string(),
  values: z.array(z.object({ name: z.string(), value: z.string() })).readonly(),
  snippet: z.string().nullable(),
});

const connectInput = {
  ...shellInput,
  tool: toolId,
  connection: refSchema.optional(),
  model: z.string().min(1).max(200).optional(),
  publicUrl: z.string().max(300).optional().describe("how Cursor's servers reach the gateway"),
  tunnel: z
    .enum(["cloudflared", "tailscale"])
    .optional()
    .describe("for a plan: its address is not known yet"),
  budgets: z.array(amountSchema).max(4).optional().describe("hard budgets of its virtual key"),
  expiresAt: timeSchema.optional().describe("when its virtual key ends"),
};

export const plan = operation({
  name: "tools.plan",
  summary: "What connecting a tool would change, masked; nothing is changed",
  place: "anywhere",
  withoutHome: true,
  input: z.object(connectInput),
  output: z.object({
    tool: z.string(),
    name: z.string(),
    connection: z.string(),
    files: z.array(fileChangeSchema),
    steps: z.array(stepSchema),
    notes: z.array(z.string()),
    limits: z.array(z.string()),
    restart: z.string().nullable(),
    bySubscription: z.boolean(),
    program: z
      .object({ path: z.string(), isThere: z.boolean() })
      .nullable()
      .describe("the command that its settings name; ownkey install puts it there"),
    budgets: z.array(z.string()).describe("that its virtual key will have"),
    expiresAt: nullableTime,
    seen: z.string().describe("to be given to tools.connect, which refuses when files have changed since"),
  }),
  async run(control, caller, input) {
    const { adapter, machine, target, way } = await prepare(control, caller, input);
    const { files, steps, notes, seen } = planTool(adapter, machine, target);
    return {
      tool: adapter.id,
      name: adapter.name,
      connection: way.connection.name,
      files: files.map((file) => fileDocument(file, secretsOf(adapter, machine))),
      steps: steps.map((step) => stepDocument(step, false)),
      notes: [...notes, ...notesOnModel(adapter, input.model)],
      limits: [...(adapter.limits ?? [])],
      restart: adapter.traits.restart ?? null,
      bySubscription: explainTool(adapter, machine).bySubscription,
      program:
        adapter.traits.takes === "command"
          ? { path: target.program, isThere: machine.exists(target.program) }
          : null,
      ...limitsOf(control, adapter, input),
      seen,
    };
  },
});

export const connect = operation({
  name: "tools.connect",
  summary:
    "Have a tool use the gateway: a virtual key of its own or a key command, written with an undo copy",
  place: "anywhere",
  input: z.object({
    ...connectInput,
    seen: z.string().optional(),
  }),
  output: z.object({
    tool: z.string(),
    virtualKey: z.string(),
    change: z.string().nullable().describe("for undoing it; null when the files were so already"),
    files: z.array(z.string()),
    steps: z.array(stepSchema).describe("a virtual key that has to be pasted stands here, this once"),
    notes: z.array(z.string()),
    restart: z.string().nullable(),
    expiresAt: nullableTime,
  }),
  async run(control, caller, input) {
    const { adapter, machine, target, way } = await prepare(control, caller, input);
    if (input.seen !== undefined && planTool(adapter, machine, target).seen !== input.seen)
      throw changedMeanwhile();
    const changes = await control.changesFor(caller);
    await changes.recover();
    const { budgets, expiresAt } = limitsOf(control, adapter, input);
    const amounts = budgets.map(parseAmount);
    const expiresAtMs = expiresAt === null ? undefined : Date.parse(expiresAt);
    const key = await toolKeyFor(control, caller, { adapter, machine }, { way, expiresAtMs, amounts });
    const whole = planTool(adapter, machine, { ...target, ...(key.token ? { key: key.token } : {}) });
    const change = await changes.apply(adapter.id, whole.files);
    return {
      tool: adapter.id,
      virtualKey: key.virtualKey.name,
      change: change?.id ?? null,
      files: whole.files.map(({ path }) => path),
      steps: whole.steps.map((step) => stepDocument(step, true)),
      notes: [...whole.notes],
      restart: adapter.traits.restart ?? null,
      expiresAt: key.virtualKey.expiresAtMs === null ? null : formatTime(key.virtualKey.expiresAtMs),
    };
  },
});

export const disconnect = operation({
  name: "tools.disconnect",
  summary: "Give a tool's files back as they were and disable its virtual key",
  place: "anywhere",
  input: z.object({ tool: toolId, force: z.boolean().default(false) }),
  output: z.object({
    tool: z.string(),
    undone: z.number().int(),
    files: z.array(z.string()),
    disabled: z.boolean().describe("its virtual key is refused now"),
  }),
  async run(control, caller, { tool, force }) {
    const adapter = knownAdapter(tool);
    const changes = await control.changesFor(caller);
    const own = (await changes.list()).filter((change) => change.tool === adapter.id);
    const files = new Set<string>();
    for (const { id } of own.toReversed()) {
      for (const { path } of await changes.planUndo(id, { force })) files.add(path);
      await changes.undo(id, { force });
    }
    if (adapter.traits.fromOutside) await closeDoor(control);
    const name = toolKeyName(adapter.id);
    const named = await control.virtualKeys.named(name);
    const key = named?.state === "active" ? named : undefined;
    if (key) await control.virtualKeys.disable(caller, key.id);
    return { tool, undone: own.length, files: [...files], disabled: key !== undefined };
  },
});

export const verify = operation({
  name: "tools.verify",
  summary: "Send the smallest real request as a tool would send it now; costs a few tokens",
  place: "running",
  input: z.object({
    ...shellInput,
    tool: toolId,
    connection: refSchema.optional(),
    model: z.string().optional(),
  }),
  output: z.object({
    tool: z.string(),
    ok: z.boolean(),
    url: z.string().nullable(),
    model: z.string().nullable(),
    status: z.number().nullable(),
    what: z.string(),
    hint: z.string().nullable(),
  }),
  run: async (control, caller, { tool, connection, model, ...shell }) =>
    await verifyTool(control, caller, {
      adapter: knownAdapter(tool),
      machine: machineOf(shell),
      connection,
      model,
    }),
});

const changeSchema = z.object({
  id: z.string(),
  tool: z.string(),
  state: z.enum(["applying", "applied", "undoing"]),
  createdAt: timeSchema,
});

export const changes = operation({
  name: "tools.changes",
  summary: "Changes to files of tools that can be undone, the oldest first",
  place: "anywhere",
  whileLocked: true,
  withoutHome: true,
  input: z.object({}),
  output: listOf(changeSchema),
  async run(control, caller) {
    const all = await (await control.changesFor(caller)).list();
    return { items: all.map(({ createdAtMs, ...one }) => ({ ...one, createdAt: formatTime(createdAtMs) })) };
  },
});

export const planUndo = operation({
  name: "tools.planUndo",
  summary: "What undoing a change would do to the files, masked",
  place: "anywhere",
  input: z.object({ change: z.string(), force: z.boolean().default(false) }),
  output: z.object({ files: z.array(fileChangeSchema) }),
  async run(control, caller, { change, force }) {
    const previews = await (await control.changesFor(caller)).planUndo(change, { force });
    return {
      files: previews.map(({ path, before, after }) => ({
        path,
        isNew: false,
        mode: null,
        parts: diffLines(before ?? NO_BYTES, after ?? NO_BYTES, []),
      })),
    };
  },
});

const NO_BYTES = new Uint8Array();

export const undo = operation({
  name: "tools.undo",
  summary: "Give files back as they were before a change, byte by byte",
  place: "anywhere",
  input: z.object({ change: z.string(), force: z.boolean().default(false) }),
  output: doneSchema,
  async run(control, caller, { change, force }) {
    await (await control.changesFor(caller)).undo(change, { force });
    return { done: true as const };
  },
});

export const purge = operation({
  name: "tools.purge",
  summary: "Forget what files were before a change; it cannot be undone any more",
  place: "anywhere",
  input: z.object({ change: z.string() }),
  output: doneSchema,
  async run(control, caller, { change }) {
    const changes = await control.changesFor(caller);
    const found = (await changes.list()).find(({ id }) => id === change);
    const adoption = adoptionOfChange(found?.tool ?? "");
    if (adoption !== undefined) await keepVirtualKeys(caller, adoption, control.virtualKeys);
    await changes.purge(change);
    return { done: true as const };
  },
});

/** Also when it would only be opened with the next start. */
async function closeDoor({ running, home }: Control): Promise<void> {
  if (running?.door) await running.door.close();
  else forgetDoor(home);
}

interface Prepared {
  readonly adapter: ToolAdapter;
  readonly machine: ToolMachine;
  readonly way: Awaited<ReturnType<typeof chooseWay>>;
  readonly target: ConnectTarget;
}

async function prepare(
  control: Control,
  caller: Caller,
  input: z.output<z.ZodObject<typeof connectInput>>,
): Promise<Prepared> {
  const adapter = knownAdapter(input.tool);
  const machine = machineOf(input);
  const refusal = adapter.refusal?.(machine);
  if (refusal !== undefined) throw new AppError("conflict", refusal);
  const hasWay = input.publicUrl !== undefined || input.tunnel !== undefined;
  assertWayIn(adapter, hasWay);
  if (hasWay) fromOutside(adapter);
  if (input.publicUrl !== undefined) assertPublicUrl(input.publicUrl);
  const publicUrl = input.publicUrl ?? (input.tunnel === undefined ? undefined : TUNNEL_ADDRESS);
  const habit = adapter.habit?.(new Sources(machine)) ?? {};
  const way = await chooseWay(control, adapter, { wanted: input.connection, habit });
  const models = adapter.traits.wantsModels
    ? { models: await modelsFor(control, caller, way.connection, { model: input.model, habit }) }
    : {};
  return {
    adapter,
    machine,
    way,
    target: {
      gatewayUrl: publicUrl?.replace(/\/+$/, "") ?? gatewayUrlOf(control),
      program: installedProgramPath(machine.home),
      ...(control.home === join(machine.home, ".ownkey") ? {} : { home: control.home }),
      style: way.style,
      ...models,
      served: way.served,
    },
  };
}

function notesOnModel({ name, traits }: ToolAdapter, model: string | undefined): string[] {
  if (model === undefined || traits.wantsModels === true) return [];
  return [`${name} chooses its models itself: ${model} is only asked for in the request that tries it out`];
}

function itemOf(control: Control, adapter: ToolAdapter, machine: ToolMachine) {
  const { id, name, traits } = adapter;
  const explained = explainTool(adapter, machine);
  const { winner } = explained.key;
  const value = winner?.kind === "literal" ? winner.value : undefined;
  return {
    id,
    name,
    state: stateOf(control, adapter, explained),
    key: winner ? maskSecrets(shownValue(winner)) : null,
    keyFrom: winner?.label ?? null,
    fingerprint: value && !isOwnkeyCredential(value) ? fingerprintOf(control, value) : null,
    goesTo: maskSecrets(explained.goesTo),
    takes: traits.takes,
    notInAll: adapter.notInAll ?? null,
    notes: [...explained.notes, ...explained.problems],
  };
}

function stateOf(
  control: Control,
  adapter: ToolAdapter,
  { key, baseUrl, goesTo, bySubscription }: ReturnType<typeof explainTool>,
): z.output<typeof stateSchema> {
  const url = baseUrl.winner && isThroughGateway(control, goesTo, adapter);
  const ours =
    isOwnkeyCredential(key.winner?.value) ||
    isTokenCommand(key.winner?.value, adapter.id) ||
    // What a keychain holds cannot be seen; the address is ours alone.
    (key.winner?.kind === "store" && url);
  if (url && ours) return "connected";
  if (url || ours) return "partly";
  if (bySubscription) return "subscription";
  if (key.winner) return "direct";
  return adapter.traits.takes === "dialog" || adapter.sources.length === 0 ? "guide" : "not_set_up";
}

/** The running program's address, the one in the settings, or the tool's own path at a public address. */
function isThroughGateway(control: Control, url: string, { traits }: ToolAdapter): boolean {
  if (traits.fromOutside) return url.endsWith(new URL(cursorBaseUrl("https://x.invalid")).pathname);
  return isGatewayUrl(url, {
    runningUrl: control.running?.url,
    setting: settingOf(control.settings),
  });
}

function fingerprintOf(
  { vault }: Control,
  value: Parameters<Control["vault"]["fingerprint"]>[0],
): string | null {
  try {
    return vault.fingerprint(value);
  } catch (error) {
    if (toAppError(error).code === "vault_locked") return null;
    throw error;
  }
}

/** Keys that stand in its settings now, to be masked whatever their form. */
function secretsOf(adapter: ToolAdapter, machine: ToolMachine): string[] {
  const { key } = explainTool(adapter, machine);
  return [key.winner, ...key.shadowed].flatMap((source) =>
    source?.kind === "literal" && source.value ? [source.value.reveal()] : [],
  );
}

/** As told; a key that is used over the internet has a budget and an end in any case. */
function limitsOf(
  { clock }: Control,
  { traits }: ToolAdapter,
  {
    budgets,
    expiresAt,
  }: { readonly budgets?: string[] | undefined; readonly expiresAt?: string | undefined },
): { budgets: string[]; expiresAt: string | null } {
  // Told before anything is made.
  for (const amount of budgets ?? []) parseAmount(amount);
  const usualEnd = () => formatTime(clock.nowMs() + OUTSIDE_LIMITS.days * 86_400_000);
  return {
    budgets: budgets ?? (traits.fromOutside ? [OUTSIDE_LIMITS.budget] : []),
    expiresAt: expiresAt ?? (traits.fromOutside ? usualEnd() : null),
  };
}

function changedMeanwhile(): AppError {
  return new AppError("conflict", "a file was changed after the change was shown; nothing was written", {
    hint: "look at it again, and agree again",
  });
}
