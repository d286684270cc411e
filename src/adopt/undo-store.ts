import type { Caller, Perform } from "../access/index.ts";
import type { Queries } from "../store/index.ts";
import {
  type Change,
  changeBytes,
  changeOfBytes,
  type ChangeState,
  type ChangeSummary,
  type UndoStore,
} from "../tools/index.ts";
import type { BlobInfo, ManagedVault } from "../vault/index.ts";

export interface UndoStoreOptions {
  readonly caller: Caller;
  readonly perform: Perform;
  readonly queries: Queries;
  readonly vault: Pick<ManagedVault, "putBlob" | "getBlob" | "removeBlob" | "listBlobs">;
}

/** What an entry's kind says, so that changes can be listed while the vault is locked. */
const KIND = /^undo (applying|applied|undoing) (\S+)$/;

const ACTIONS: Readonly<Record<ChangeState, string>> = {
  applying: "files.change",
  applied: "files.changed",
  undoing: "files.undo",
};

/** Keeps what files were before Ownkey changed them, encrypted in the vault; every step is in the audit log. */
export function createUndoStore({ caller, perform, queries, vault }: UndoStoreOptions): UndoStore {
  const act = (action: string, subject: string, details: Record<string, string> = {}) =>
    ({ action, permission: "config.manage", subject, details }) as const;
  return {
    async list() {
      const changes = (await vault.listBlobs(queries)).flatMap(summaryOf);
      return changes.toSorted((a, b) => (a.id < b.id ? -1 : 1));
    },
    async load(id) {
      const found = await perform(caller, act("files.look", id), (tx) => vault.getBlob(tx, id));
      return found && KIND.test(found.info.kind) ? changeOfBytes(found.bytes) : undefined;
    },
    async save(change) {
      const details = {
        tool: change.tool,
        files: change.files
          .map(({ path }) => path)
          .join(", ")
          .slice(0, 500),
      };
      await perform(caller, act(ACTIONS[change.state], change.id, details), async (tx) => {
        await vault.removeBlob(tx, change.id);
        await vault.putBlob(tx, change.id, kindOf(change), changeBytes(change));
      });
    },
    async remove(id) {
      await perform(caller, act("files.forget", id), async (tx) => void (await vault.removeBlob(tx, id)));
    },
  };
}

function kindOf({ state, tool }: Change): string {
  return `undo ${state} ${tool}`;
}

function summaryOf({ id, kind, createdAtMs }: BlobInfo): ChangeSummary[] {
  const [, state, tool] = KIND.exec(kind) ?? [];
  if (state === undefined || tool === undefined) return [];
  return [{ id, tool, state: state as ChangeState, createdAtMs }];
}
