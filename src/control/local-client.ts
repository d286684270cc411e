import type { Caller } from "../access/index.ts";
import type { ControlClient } from "./client.ts";
import type { Control, OfflineControl } from "./control.ts";
import { runOperation } from "./run.ts";

export interface LocalClientOptions {
  readonly control: Control;
  readonly caller: Caller;
  /** Asked before the first operation that needs the vault unlocked. */
  unlock: () => Promise<void>;
}

/** Runs operations in this process. */
export function createLocalClient({ control, caller, unlock }: LocalClientOptions): ControlClient {
  return {
    async call(operation, input) {
      if (!operation.whileLocked && operation.place !== "offline" && control.vault.locked) await unlock();
      return (await runOperation(operation, control, caller, input)) as never;
    },
  };
}

/** For operations that do not open the home; any other one finds nothing to work on. */
export function createOfflineClient(control: OfflineControl, caller: Caller): ControlClient {
  return {
    async call(operation, input) {
      if (operation.place !== "offline") throw new TypeError(`${operation.name} needs the home opened`);
      return (await runOperation(operation, control as Control, caller, input)) as never;
    },
  };
}
