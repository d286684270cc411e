import { mkdirSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { AppError, idMaker, systemClock, systemRandomness } from "../kernel/index.ts";
import type { Change, ChangeSummary, UndoStore } from "./change/change.ts";
import { changeBytes, changeOfBytes } from "./change/change-bytes.ts";
import { Changes } from "./change/changes.ts";
import { systemMachine, type ToolMachine } from "./tool-machine.ts";

/** Keeps changes as the vault would: as bytes, so that what is read back is nothing but what was stored. */
export class MemoryUndoStore implements UndoStore {
  readonly stored = new Map<string, Uint8Array>();
  /** Called before each save; throwing is a crash at that point. */
  beforeSave: (change: Change) => void = () => {};

  list(): Promise<readonly ChangeSummary[]> {
    return Promise.resolve([...this.stored.values()].map(changeOfBytes).map(summaryOf));
  }

  load(id: string): Promise<Change | undefined> {
    const bytes = this.stored.get(id);
    return Promise.resolve(bytes && changeOfBytes(bytes));
  }

  save(change: Change): Promise<void> {
    this.beforeSave(change);
    this.stored.set(change.id, changeBytes(change));
    return Promise.resolve();
  }

  remove(id: string): Promise<void> {
    this.stored.delete(id);
    return Promise.resolve();
  }
}

/** A home of its own, with changes to it. */
export interface TestTools extends Disposable {
  readonly home: string;
  readonly machine: ToolMachine;
  readonly store: MemoryUndoStore;
  readonly changes: Changes;
}

export function testTools(env: Readonly<Record<string, string>> = {}, platform = "linux"): TestTools {
  const folder = mkdtempSync(join(tmpdir(), "ownkey-tools-"));
  const home = join(folder, "home");
  mkdirSync(home);
  const store = new MemoryUndoStore();
  return {
    home,
    machine: systemMachine({ platform, home, env }),
    store,
    changes: new Changes({
      store,
      lockPath: join(folder, "tools.lock"),
      clock: systemClock,
      newId: idMaker(systemClock, systemRandomness),
    }),
    [Symbol.dispose]: () => rmSync(folder, { recursive: true, force: true }),
  };
}

/** The code of the error that is thrown. */
export async function codeOf(work: () => unknown): Promise<string> {
  try {
    await work();
    return "nothing was thrown";
  } catch (error) {
    return error instanceof AppError ? error.code : String(error);
  }
}

function summaryOf({ id, tool, state, createdAtMs }: Change): ChangeSummary {
  return { id, tool, state, createdAtMs };
}
