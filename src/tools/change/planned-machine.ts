import type { ToolMachine } from "../tool-machine.ts";
import type { PlannedFile } from "./change.ts";

/** The machine as it would be after a change: what a tool would do then can be asked before anything is written. */
export function plannedMachine(machine: ToolMachine, files: readonly PlannedFile[]): ToolMachine {
  const after = new Map(
    files
      .filter(({ isLarge = false }) => !isLarge)
      .flatMap((file) => [file.path, file.target].map((path) => [path, file.after.bytes])),
  );
  return {
    ...machine,
    read: (path) => after.get(path) ?? machine.read(path),
    exists: (path) => after.has(path) || machine.exists(path),
  };
}
