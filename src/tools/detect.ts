import type { ToolAdapter } from "./adapter.ts";
import { foldersOf, type Machine } from "./machine.ts";
import { TOOLS } from "./places.ts";
import { programOnPath, type ToolMachine } from "./tool-machine.ts";

export interface FoundTool {
  readonly id: string;
  readonly name: string;
  /** The place that gave it away. */
  readonly place: string;
}

/** The tools that this user has used, in the order of {@link TOOLS}. Looks whether places exist and reads nothing. */
export function detectTools(machine: Machine & { exists: (path: string) => boolean }): FoundTool[] {
  const folders = foldersOf(machine);
  return TOOLS.flatMap(({ id, name, places }) => {
    const place = places(folders).find((path) => machine.exists(path));
    return place === undefined ? [] : [{ id, name, place }];
  });
}

/** The place that gives a tool away, or its program; `undefined` when this user does not seem to have it. */
export function detectTool({ id, detect, program }: ToolAdapter, machine: ToolMachine): string | undefined {
  if (detect) return detect(machine);
  const folders = foldersOf(machine);
  const place = TOOLS.find((tool) => tool.id === id)
    ?.places(folders)
    .find((path) => machine.exists(path));
  return place ?? (program === undefined ? undefined : programOnPath(machine, program));
}
