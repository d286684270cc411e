import { existsSync } from "node:fs";
import { homedir } from "node:os";
import { z } from "zod";
import { isVirtualKeyToken } from "../../access/index.ts";
import {
  adoptionOfChange,
  applyPlans,
  type Candidate,
  candidatesOf,
  createTrial,
  type FilePlan,
  foreseenKeys,
  foundAt,
  oneAtATime,
  planFile,
  revokeUnused,
  storeKeys,
  type TakenCandidate,
  type UndoableChange,
  undoableChanges,
  undoChanges,
} from "../../adopt/index.ts";
import { type Connection, EXPOSURES } from "../../connections/index.ts";
import { AppError, formatTime, systemRandomness } from "../../kernel/index.ts";
import { providerById } from "../../providers/index.ts";
import { type ScanProgress, survey } from "../../scan/index.ts";
import { sendFirst } from "../adopt/first-request.ts";
import { lentOn } from "../adopt/lent.ts";
import {
  appliedDocument,
  appliedSchema,
  candidateDocument,
  candidateSchema,
  filePlanDocument,
  filePlanSchema,
  notTakenDocument,
  notTakenSchema,
} from "../adopt/documents.ts";
import type { Control } from "../control.ts";
import { takeIn } from "../key-intake.ts";
import { refuseMissing } from "../named-paths.ts";
import { operation } from "../operation.ts";
import { emptySchema, listOf, refSchema, timeSchema } from "../schemas.ts";
import { storedKeyDocument, storedKeySchema } from "../stored-key-document.ts";
import { gatewayUrlOf } from "../tools/gateway-url.ts";
import { machineOf, shellInput } from "../tools/machine.ts";

export const find = operation({
  name: "adopt.find",
  summary: "Provider keys in plain text that the vault could take in; nothing is changed, nobody is asked",
  place: "offline",
  input: z.object({
    ...shellInput,
    paths: z.array(z.string()).default([]).describe("absolute; none = the known places of this machine"),
    tools: z.array(z.string()).default([]).describe("only files of these"),
    git: z.boolean().default(false).describe("the history of the repositories there as well"),
    onProgress: z.custom<(progress: ScanProgress) => void>().optional(),
  }),
  output: z.object({
    keys: z.array(candidateSchema.extend({ candidate: z.custom<Candidate>() })),
    notTaken: z.array(notTakenSchema),
    notices: z.array(z.object({ reason: z.string(), path: z.string(), message: z.string() })),
    connections: z.custom<readonly Connection[]>(),
  }),
  async run(control, _caller, { paths, tools, git, environment, workingDirectory, onProgress }) {
    refuseMissing(paths);
    const vault = await control.vaultKeys?.();
    try {
      const found = await survey(
        { paths, workingDirectory: workingDirectory ?? homedir(), git, staged: false, environment: false },
        {
          machine: { platform: process.platform, home: environment["HOME"] ?? homedir(), env: environment },
          randomness: systemRandomness,
          isVirtualKey: isVirtualKeyToken,
          known: vault?.index,
          onProgress,
        },
      );
      const connections = vault?.connections ?? [];
      // A key of the vault is found as one, without what it is.
      const findings = found.findings.map((finding) => {
        const secret = finding.secret ?? vault?.values?.get(finding.knownKey ?? "");
        return secret ? { ...finding, secret } : finding;
      });
      const { keys, notTaken } = candidatesOf(findings, { baseUrls: baseUrlsOf(connections) });
      return {
        keys: ofTools(keys, tools).map((candidate) => ({ ...candidateDocument(candidate), candidate })),
        notTaken: ofTools(notTaken, tools).map(notTakenDocument),
        notices: found.notices.map(({ reason, path, message }) => ({ reason, path, message })),
        connections,
      };
    } finally {
      vault?.index?.close();
    }
  },
});

/**
 * Where keys of a provider go to that are there already, when that is not the provider's own address: by the connection
 * that bears its name, else by all of them when they agree.
 */
function baseUrlsOf(connections: readonly Connection[]): Map<string, string> {
  const groups = Map.groupBy(connections, ({ provider, preset }) => preset ?? provider);
  return new Map(
    [...groups].flatMap(([name, all]) => {
      const addresses = new Set(all.map(({ settings }) => settings.baseUrl));
      const usual = all.find((one) => one.name === name) ?? (addresses.size === 1 ? all[0] : undefined);
      if (!usual) return [];
      const { defaultBaseUrl } = providerById(usual.provider, usual.preset);
      const { baseUrl } = usual.settings;
      return baseUrl === defaultBaseUrl ? [] : [[name, baseUrl] as const];
    }),
  );
}

function ofTools<One extends Pick<Candidate, "places">>(
  all: readonly One[],
  tools: readonly string[],
): One[] {
  if (tools.length === 0) return [...all];
  return all.flatMap((one) => {
    const places = one.places.filter(({ tool }) => tool !== undefined && tools.includes(tool));
    return places.length > 0 ? [{ ...one, places }] : [];
  });
}

const candidates = z.array(z.custom<Candidate>());

export const preview = operation({
  name: "adopt.preview",
  summary: "What taking keys in would change, masked; nothing is stored, nobody is asked",
  place: "offline",
  input: z.object({ ...shellInput, candidates, connections: z.custom<readonly Connection[]>() }),
  output: listOf(filePlanSchema),
  run(control, _caller, { candidates: chosen, connections, ...shell }) {
    const taken = foreseenKeys(chosen, connections);
    const lent = lentOn(machineOf(shell), {
      gatewayUrl: gatewayUrlOf({ settings: control.settings, running: undefined }),
      settings: control.settings,
    });
    return Promise.resolve({ items: plansFor(taken, lent).map(filePlanDocument) });
  },
});

/** Each file once, for all keys in it. */
function plansFor(taken: readonly TakenCandidate[], lent: Parameters<typeof planFile>[2]): FilePlan[] {
  const files = taken.flatMap(({ candidate }) =>
    candidate.places.flatMap(({ file }) => (file === undefined ? [] : [file])),
  );
  return [...new Set(files)].flatMap((file) => {
    const inIt = taken.filter(({ candidate }) => candidate.places.some((place) => place.file === file));
    return planFile(file, inIt, lent) ?? [];
  });
}

export const store = operation({
  name: "adopt.store",
  summary: "Test found keys and store those that are new, each once; note where others could have read them",
  place: "own-process",
  input: z.object({ candidates, test: z.boolean().default(true) }),
  output: z.object({
    items: z.array(
      storedKeySchema.extend({
        candidate: z.custom<Candidate>(),
        keysUrl: z.string().nullable().describe("where its provider makes a new one"),
      }),
    ),
    taken: z.array(z.custom<TakenCandidate>()),
    undecided: z
      .array(z.object({ virtualKey: z.string(), connection: z.string() }))
      .describe("virtual keys for which there was one connection, and are several now; the one they went to"),
  }),
  async run(control, caller, { candidates: chosen, test }) {
    const before = await control.connections.list();
    const stored = await storeKeys(
      caller,
      chosen.map((candidate) => ({
        labels: candidate.places.map(({ path, line }) => (line > 0 ? `${path}:${line}` : path)),
        provider: candidate.provider,
        kind: "inference" as const,
        settings: candidate.settings,
        value: candidate.value,
        ...foundWords(candidate),
      })),
      {
        connections: control.connections,
        takeIn: (intake) => takeIn(control, intake),
        fingerprint: (value) => control.vault.fingerprint(value),
        test,
        keep: false,
      },
    );
    const items = stored.flatMap((one) => {
      const candidate = candidateFor(one.labels, chosen);
      return candidate ? [{ one, candidate }] : [];
    });
    for (const { one, candidate } of items) {
      const isNew = candidate.exposed.some((place) => !one.key?.exposed?.includes(place));
      if (one.key && isNew) await control.connections.markExposed(caller, one.key.id, candidate.exposed);
    }
    return {
      items: items.map(({ one, candidate }) => {
        const { keysUrl } = candidateDocument(candidate);
        return { ...storedKeyDocument(one), candidate, keysUrl };
      }),
      taken: items.flatMap(({ one: { key, connection }, candidate }) =>
        key && connection ? [{ candidate, key, connection }] : [],
      ),
      undecided: await undecidedKeys(control, before),
    };
  },
});

/** Those that name no connection, when a provider that had one connection has got another one. */
async function undecidedKeys(
  { connections, virtualKeys }: Control,
  before: readonly Connection[],
): Promise<{ virtualKey: string; connection: string }[]> {
  const isSame = (a: Connection, b: Connection) => a.provider === b.provider && a.preset === b.preset;
  const added = (await connections.list()).filter(({ id }) => !before.some((one) => one.id === id));
  const only = before.find(
    (one) => added.some((other) => isSame(one, other)) && before.filter((b) => isSame(b, one)).length === 1,
  );
  if (!only) return [];
  return (await virtualKeys.list()).flatMap(({ name, state, policy }) => {
    const isOpen = policy.connections.length === 0 && policy.defaultConnection === null;
    return state === "active" && isOpen ? [{ virtualKey: name, connection: only.name }] : [];
  });
}

/** By which keys of one provider are told apart. */
function foundWords({ places }: Candidate): { readonly found?: string; readonly purpose?: string } {
  const at = foundAt(places);
  if (!at) return {};
  const home = homedir();
  const path = at.path.startsWith(`${home}/`) ? `~${at.path.slice(home.length)}` : at.path;
  return { found: at.name, purpose: `found in ${path}`.slice(0, LONGEST_PURPOSE) };
}

const LONGEST_PURPOSE = 200;

/** Keys found apart that are one are stored as one, under all their labels: then the places are put together too. */
function candidateFor(labels: readonly string[], chosen: readonly Candidate[]): Candidate | undefined {
  const own = chosen.filter(({ places }) =>
    places.some(({ path, line }) => labels.includes(line > 0 ? `${path}:${line}` : path)),
  );
  const [first] = own;
  if (!first) return undefined;
  const same = own.filter(({ value }) => value.reveal() === first.value.reveal());
  return {
    ...first,
    places: same.flatMap(({ places }) => places),
    exposed: EXPOSURES.filter((place) => same.some(({ exposed }) => exposed.includes(place))),
  };
}

const taken = z.array(z.custom<TakenCandidate>());

export const plan = operation({
  name: "adopt.plan",
  summary: "What would stand in the files instead of stored keys, masked",
  place: "own-process",
  input: z.object({ ...shellInput, taken, gatewayUrl: z.string() }),
  output: z.object({
    items: z.array(filePlanSchema),
    plans: z.array(z.custom<FilePlan>()),
    needsCommand: z.boolean().describe("files get the command that ownkey install puts at its place"),
  }),
  run(control, _caller, { taken: keys, gatewayUrl, ...shell }) {
    const lent = lentOn(machineOf(shell), { gatewayUrl, settings: control.settings });
    const plans = plansFor(keys, lent);
    return Promise.resolve({
      items: plans.map(filePlanDocument),
      plans,
      needsCommand: plans.some((one) => one.needsCommand),
    });
  },
});

export const apply = operation({
  name: "adopt.apply",
  summary: "Replace stored keys in files, each file after a real request has gone the new way",
  place: "own-process",
  input: z.object({
    plans: z.array(z.custom<FilePlan>()),
    gatewayUrl: z.string(),
    offline: z.boolean().default(false).describe("without the request"),
    onFile: z.custom<(file: string) => void>().optional(),
  }),
  output: z.object({ id: z.string(), items: z.array(appliedSchema), virtualKeys: z.array(z.string()) }),
  async run(control, caller, { plans, gatewayUrl, offline, onFile }) {
    return await oneAtATime(control.home, async () => {
      const changes = await control.changesFor(caller);
      await changes.recover();
      await revokeUnused(caller, { changes, virtualKeys: control.virtualKeys });
      const adoption = await applyPlans(caller, plans, {
        changes,
        virtualKeys: control.virtualKeys,
        newId: control.newId,
        gatewayUrl,
        trial: createTrial(fetch),
        issueToken: async (tool) => (await control.toolTokens.issue(caller, tool)).token,
        offline,
        ...(onFile ? { onFile } : {}),
      });
      return {
        id: adoption.id,
        items: adoption.files.map(appliedDocument),
        virtualKeys: [...adoption.virtualKeys],
      };
    });
  },
});

export const gateway = operation({
  name: "adopt.gateway",
  summary: "The address that tools of this machine are given for the gateway",
  place: "running",
  whileLocked: true,
  input: emptySchema,
  output: z.object({ url: z.string() }),
  run: (control) => Promise.resolve({ url: gatewayUrlOf(control) }),
});

export const wayBack = operation({
  name: "adopt.wayBack",
  summary:
    "Whether keys could be had back if this home were lost or locked: a recovery code, or a verified backup",
  place: "anywhere",
  whileLocked: true,
  withoutHome: true,
  input: emptySchema,
  output: z.object({ hasRecoveryCode: z.boolean(), backupFile: z.string().nullable() }),
  async run({ vault, store: queries }) {
    const slots = await vault.slots(queries);
    const written = await queries.get(
      "SELECT subject FROM audit_entries WHERE action = 'backup.written' AND outcome = 'ok' ORDER BY idx DESC LIMIT 1",
    );
    const file = written?.["subject"];
    return {
      hasRecoveryCode: slots.some(({ kind }) => kind === "recovery_code"),
      backupFile: typeof file === "string" && existsSync(file) ? file : null,
    };
  },
});

export const request = operation({
  name: "adopt.request",
  summary: "Send the smallest real request through the gateway to the first connection that takes one",
  place: "running",
  input: z.object({ connection: refSchema.optional() }),
  output: z.object({
    ok: z.boolean(),
    connection: z.string(),
    model: z.string(),
    status: z.number().int(),
    what: z.string(),
    requestId: z.string().nullable(),
  }),
  run: async (control, caller, { connection }) => await sendFirst(control, caller, connection),
});

const adoptionSchema = z.object({
  id: z.string(),
  createdAt: timeSchema,
  files: z.array(z.string()).describe("those that undoing would touch"),
  problems: z.array(z.string()).describe("why something of it cannot be undone as it is"),
});

export const list = operation({
  name: "adopt.list",
  summary: "Adoptions that can be undone, the oldest first",
  place: "anywhere",
  withoutHome: true,
  input: emptySchema,
  output: listOf(adoptionSchema),
  async run(control, caller) {
    const adoptions = await adoptionsOf(control, caller);
    return {
      items: [...adoptions].map(([id, changes]) => ({
        id,
        createdAt: formatTime(changes[0]?.createdAtMs ?? 0),
        files: [...new Set(changes.flatMap(({ paths }) => paths))],
        problems: changes.flatMap(({ problem }) => problem ?? []),
      })),
    };
  },
});

export const undo = operation({
  name: "adopt.undo",
  summary: "Give the files of an adoption back as they were, with the keys; the vault keeps them as well",
  place: "anywhere",
  input: z.object({
    adoption: z.string().optional().describe("the last one unless named"),
    force: z.boolean().default(false).describe("also where files were changed since; that is lost then"),
  }),
  output: z.object({
    id: z.string(),
    files: z.array(z.string()),
    problems: z.array(z.object({ message: z.string(), hint: z.string().nullable() })),
    revoked: z.array(z.string()).describe("virtual keys that the files held"),
  }),
  async run(control, caller, { adoption, force }) {
    return await oneAtATime(control.home, async () => {
      const changes = await control.changesFor(caller);
      const before = await adoptionsOf(control, caller);
      const id = adoption ?? [...before.keys()].at(-1);
      if (id === undefined || !before.has(id)) {
        throw new AppError("not_found", "there is no such adoption to undo", {
          hint: "run: ownkey adopt list",
        });
      }
      // Of one that was interrupted it undoes what was not finished.
      await changes.recover();
      const own = (await adoptionsOf(control, caller)).get(id) ?? [];
      const undone = await undoChanges(changes, own, { force });
      const revoked = await revokeUnused(caller, { changes, virtualKeys: control.virtualKeys });
      return {
        id,
        files: undone.flatMap(({ change, error }) => (error ? [] : change.paths)),
        problems: undone.flatMap(({ error }) =>
          error ? [{ message: error.message, hint: error.hint ?? null }] : [],
        ),
        revoked,
      };
    });
  },
});

async function adoptionsOf(
  control: Control,
  caller: Parameters<Control["changesFor"]>[0],
): Promise<Map<string, UndoableChange[]>> {
  const all = await undoableChanges(await control.changesFor(caller));
  const ours = all.filter(({ tool }) => adoptionOfChange(tool) !== undefined);
  return Map.groupBy(ours, ({ tool }) => adoptionOfChange(tool) ?? "");
}
