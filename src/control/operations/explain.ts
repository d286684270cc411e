import { z } from "zod";
import { isGatewayUrl } from "../../doctor/index.ts";
import { AppError, maskSecrets, utf8 } from "../../kernel/index.ts";
import {
  adapterOf,
  ADAPTERS,
  detectTool,
  explainTool,
  isOwnkeyCredential,
  type Ranked,
  shownValue,
  type Source,
  type ToolAdapter,
} from "../../tools/index.ts";
import type { OfflineControl, VaultKeys } from "../control.ts";
import { operation } from "../operation.ts";
import { readRunning } from "../running.ts";
import { machineOf, shellInput } from "../tools/machine.ts";
import { settingOf } from "../setting-of.ts";

const sourceSchema = z.object({
  label: z.string().describe("where it stands: a file and its member, or a variable"),
  kind: z.enum(["literal", "command", "reference", "login", "store"]),
  wins: z.boolean(),
  shown: z.string().describe("a key as a hint, anything else as it is"),
  ownkey: z.boolean().describe("a virtual key or token of Ownkey"),
  fingerprint: z.string().nullable().describe("of a key that the vault knows"),
  knownKey: z.string().nullable().describe("its name in the vault"),
});

export const tool = operation({
  name: "explain.tool",
  summary: "Where a tool takes key and address from, which source wins, what it shadows, where requests go",
  place: "offline",
  mendsSettings: true,
  input: z.object({
    tool: z.string().min(1).max(64),
    ...shellInput,
  }),
  output: z.object({
    tool: z.string(),
    name: z.string(),
    found: z.boolean().describe("this user has used it"),
    keys: z.array(sourceSchema).describe("strongest first"),
    baseUrls: z.array(sourceSchema).describe("strongest first"),
    goesTo: z.string(),
    throughGateway: z.boolean(),
    bySubscription: z.boolean(),
    notes: z.array(z.string()),
    problems: z.array(z.string()),
    next: z.string().nullable(),
  }),
  async run(control, _caller, { tool: id, ...shell }) {
    const adapter = adapterOf(id);
    if (!adapter) throw unknownTool(id);
    const machine = machineOf(shell);
    const explained = explainTool(adapter, machine);
    const known = await knownKeys(control, explained.key);
    try {
      const throughGateway = isGateway(control, explained.goesTo);
      const uses = isOurs(explained.key.winner, adapter);
      return {
        tool: id,
        name: adapter.name,
        found: detectTool(adapter, machine) !== undefined,
        keys: documentsOf(explained.key, known),
        baseUrls: documentsOf(explained.baseUrl, undefined),
        goesTo: maskSecrets(explained.goesTo),
        throughGateway,
        bySubscription: explained.bySubscription,
        notes: [...explained.notes],
        problems: [...explained.problems, ...(known?.problem === undefined ? [] : [known.problem])],
        next: nextStep(adapter, { throughGateway, uses, bySubscription: explained.bySubscription }),
      };
    } finally {
      known?.index?.close();
    }
  },
});

/** Only when there is a key to be recognised: the vault's keys are read for it, which is recorded. */
async function knownKeys(
  control: OfflineControl,
  { winner, shadowed }: Ranked,
): Promise<VaultKeys | undefined> {
  const isForeignKey = ({ kind, value }: Source) =>
    kind === "literal" && value !== undefined && !isOwnkeyCredential(value);
  return [winner, ...shadowed].some((source) => source && isForeignKey(source))
    ? await control.vaultKeys?.()
    : undefined;
}

function documentsOf({ winner, shadowed }: Ranked, known: VaultKeys | undefined) {
  return [...(winner ? [winner] : []), ...shadowed].map((source) => {
    const { label, kind, value, what } = source;
    const bytes = what === "key" && kind === "literal" && value ? utf8(value.reveal()) : undefined;
    const match = bytes && known?.index?.matchesIn(bytes, 0, bytes.length)[0];
    return {
      label,
      kind,
      wins: source === winner,
      shown: maskSecrets(shownValue(source)),
      ownkey: what === "key" && isOwnkeyCredential(value),
      fingerprint: match?.key.fingerprint ?? null,
      knownKey: match?.key.name ?? null,
    };
  });
}

function isOurs(winner: Source | undefined, { id }: ToolAdapter): boolean {
  if (isOwnkeyCredential(winner?.value)) return true;
  return winner?.kind === "command" && winner.value?.reveal().includes(`token ${id}`) === true;
}

/** The running program's address, or the one in the settings. */
function isGateway({ home, settings }: OfflineControl, url: string): boolean {
  return isGatewayUrl(url, {
    runningUrl: readRunning(home)?.url,
    setting: settingOf(settings),
  });
}

function nextStep(
  { id, name }: ToolAdapter,
  state: { readonly throughGateway: boolean; readonly uses: boolean; readonly bySubscription: boolean },
): string | null {
  if (state.throughGateway && state.uses) return null;
  if (state.bySubscription) {
    return `${name} is signed in and paid by subscription; connecting it would have it paid by use: ownkey tools connect ${id}`;
  }
  if (state.throughGateway)
    return `it reaches the gateway with a key that is not Ownkey's and is refused: ownkey tools connect ${id}`;
  return `ownkey tools connect ${id}`;
}

function unknownTool(id: string): AppError {
  return new AppError("not_found", `no tool "${id}" can be explained`, {
    hint: `use one of: ${ADAPTERS.map((adapter) => adapter.id).join(", ")}`,
  });
}
