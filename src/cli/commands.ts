import type { Register } from "./register.ts";

/** Commands of one file. It is loaded when one of them is given, or when all are to be listed. */
export interface CommandGroup {
  /** First words of the command line that it takes. */
  readonly names: readonly string[];
  load(): Promise<Register>;
}

/** In the order of the help text: what a new user needs first stands first. */
export const COMMANDS: readonly CommandGroup[] = [
  { names: ["init"], load: async () => (await import("./init.ts")).registerInit },
  { names: ["up"], load: async () => (await import("./up.ts")).registerUp },
  { names: ["down", "status"], load: async () => (await import("./running.ts")).registerRunning },
  { names: ["scan"], load: async () => (await import("./scan.ts")).registerScan },
  { names: ["guard"], load: async () => (await import("./guard.ts")).registerGuard },
  { names: ["adopt"], load: async () => (await import("./adopt.ts")).registerAdopt },
  { names: ["keys"], load: async () => (await import("./keys.ts")).registerKeys },
  { names: ["import"], load: async () => (await import("./import.ts")).registerImport },
  { names: ["export"], load: async () => (await import("./export.ts")).registerExport },
  { names: ["connections"], load: async () => (await import("./connections.ts")).registerConnections },
  { names: ["vk"], load: async () => (await import("./virtual-keys.ts")).registerVirtualKeys },
  { names: ["budget"], load: async () => (await import("./budget.ts")).registerBudget },
  { names: ["limits"], load: async () => (await import("./limits.ts")).registerLimits },
  { names: ["notify"], load: async () => (await import("./notify.ts")).registerNotify },
  { names: ["token"], load: async () => (await import("./token.ts")).registerToken },
  { names: ["tools"], load: async () => (await import("./tools.ts")).registerTools },
  { names: ["run"], load: async () => (await import("./run.ts")).registerRun },
  { names: ["inject"], load: async () => (await import("./inject.ts")).registerInject },
  { names: ["doctor"], load: async () => (await import("./doctor.ts")).registerDoctor },
  { names: ["explain"], load: async () => (await import("./explain.ts")).registerExplain },
  { names: ["explain-error"], load: async () => (await import("./explain-error.ts")).registerExplainError },
  { names: ["usage"], load: async () => (await import("./usage.ts")).registerUsage },
  { names: ["requests"], load: async () => (await import("./requests.ts")).registerRequests },
  { names: ["models"], load: async () => (await import("./models.ts")).registerModels },
  { names: ["prices"], load: async () => (await import("./prices.ts")).registerPrices },
  { names: ["lock", "unlock"], load: async () => (await import("./lock.ts")).registerLock },
  { names: ["slots"], load: async () => (await import("./slots.ts")).registerSlots },
  { names: ["backup"], load: async () => (await import("./backup.ts")).registerBackup },
  { names: ["audit"], load: async () => (await import("./audit.ts")).registerAudit },
  { names: ["config"], load: async () => (await import("./config.ts")).registerConfig },
  { names: ["eject"], load: async () => (await import("./eject.ts")).registerEject },
  { names: ["service", "install"], load: async () => (await import("./service.ts")).registerService },
  { names: ["completion"], load: async () => (await import("./completion.ts")).registerCompletion },
];

/**
 * What the parser has to know for one command line: the group of its first word, or all for the help text, for a word
 * that is mistyped, and for scripts made from the whole tree.
 */
export async function commandsFor(words: readonly string[]): Promise<readonly Register[]> {
  const [first = ""] = words;
  const group = first === "completion" ? undefined : COMMANDS.find(({ names }) => names.includes(first));
  return await Promise.all((group ? [group] : COMMANDS).map((one) => one.load()));
}
