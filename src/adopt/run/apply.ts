import type { Caller, VirtualKeys } from "../../access/index.ts";
import { type AppError, type NewId, type Secret, toAppError } from "../../kernel/index.ts";
import type { Changes } from "../../tools/index.ts";
import { freeName } from "../keys/free-name.ts";
import type { FilePlan } from "../plan/file-plan.ts";
import { adoptionPurpose, changesOf } from "./names.ts";
import type { Trial } from "./trial.ts";

export interface ApplyOptions {
  readonly changes: Pick<Changes, "plan" | "apply">;
  readonly virtualKeys: VirtualKeys;
  readonly newId: NewId;
  readonly gatewayUrl: string;
  readonly trial: Trial;
  /** What the command prints that a tool is given. */
  readonly issueToken: (tool: string) => Promise<Secret>;
  /** Take away without a trial: nobody could be asked. */
  readonly offline: boolean;
  readonly onFile?: (file: string) => void;
}

/** What became of one file. */
export interface AppliedFile {
  readonly plan: FilePlan;
  /** Set when it was changed. */
  readonly changeId?: string;
  /** Why it was not. */
  readonly error?: AppError;
}

export interface Adoption {
  readonly id: string;
  readonly files: readonly AppliedFile[];
  /** Names of the virtual keys that were made. */
  readonly virtualKeys: readonly string[];
}

/**
 * Changes the files, each by itself: one that fails stays as it is, and the others go on. Before a file loses a key, a
 * real request has gone through the gateway to that key's connection, with the very credential that the file gets.
 */
export async function applyPlans(
  caller: Caller,
  plans: readonly FilePlan[],
  options: ApplyOptions,
): Promise<Adoption> {
  const id = options.newId("blob");
  const run = new AdoptionRun(caller, id, options);
  const files: AppliedFile[] = [];
  for (const owned of Map.groupBy(plans.filter(isChange), ({ owner }) => owner).values()) {
    files.push(...(await run.applyOwned(owned)));
  }
  return { id, files, virtualKeys: run.virtualKeyNames };
}

function isChange({ taken }: FilePlan): boolean {
  return taken.length > 0;
}

class AdoptionRun {
  readonly virtualKeyNames: string[] = [];
  readonly #caller: Caller;
  readonly #id: string;
  readonly #options: ApplyOptions;

  constructor(caller: Caller, id: string, options: ApplyOptions) {
    this.#caller = caller;
    this.#id = id;
    this.#options = options;
  }

  /** Files of one owner share a virtual key, which may use the connections of their keys and no others. */
  async applyOwned(plans: readonly FilePlan[]): Promise<AppliedFile[]> {
    const made = await this.#virtualKey(plans);
    let isUsed = false;
    const files: AppliedFile[] = [];
    for (const plan of plans) {
      this.#options.onFile?.(plan.file);
      const applied = await this.#apply(plan, made.token);
      files.push(applied);
      isUsed ||= applied.changeId !== undefined && plan.needsVirtualKey;
    }
    if (isUsed) this.virtualKeyNames.push(made.name);
    else await this.#options.virtualKeys.revoke(this.#caller, made.id);
    return files;
  }

  async #virtualKey(plans: readonly FilePlan[]): Promise<{ id: string; name: string; token: Secret }> {
    const { virtualKeys } = this.#options;
    const [first] = plans;
    const active = (await virtualKeys.list()).filter(({ state }) => state !== "revoked");
    const name = freeName(
      `adopted:${first?.owner ?? "files"}`,
      active.map((one) => one.name),
    );
    const connections = plans.flatMap(({ taken }) => taken.map(({ connection }) => connection.id));
    const { virtualKey, token } = await virtualKeys.create(this.#caller, {
      name,
      policy: {
        connections: [...new Set(connections)],
        tool: first?.tool ?? null,
        purpose: adoptionPurpose(this.#id),
      },
    });
    return { id: virtualKey.id, name, token };
  }

  async #apply(plan: FilePlan, token: Secret): Promise<AppliedFile> {
    try {
      if (!this.#options.offline) await this.#tryWays(plan, token);
      const planned = this.#options.changes.plan(plan.requests(token));
      const change = await this.#options.changes.apply(changesOf(this.#id), planned);
      return change ? { plan, changeId: change.id } : { plan };
    } catch (error) {
      return { plan, error: toAppError(error) };
    }
  }

  async #tryWays({ taken, tool, needsCommand }: FilePlan, virtualKey: Secret): Promise<void> {
    const { gatewayUrl, issueToken, trial } = this.#options;
    const tried = new Set<string>();
    for (const { connection, key } of taken) {
      if (tried.has(connection.id)) continue;
      tried.add(connection.id);
      const way = { gatewayUrl, connection, verdict: key.verdict };
      await trial({ ...way, credential: virtualKey });
      if (needsCommand && tool !== undefined) await trial({ ...way, credential: await issueToken(tool) });
    }
  }
}
