import { assistantFiles } from "./files/assistants.ts";
import { editorFiles } from "./files/editors.ts";
import { systemFiles } from "./files/system.ts";
import type { ToolFile } from "./files/tool-file.ts";
import { foldersOf, type Machine } from "./machine.ts";

/**
 * Every file of this user where a known tool or the system keeps settings, keys or what was typed, with all profiles
 * and variants; each path once. Reads nothing: most of these files will not exist.
 */
export function toolFiles(machine: Machine): ToolFile[] {
  const folders = foldersOf(machine);
  const all = [...editorFiles(folders), ...assistantFiles(folders), ...systemFiles(folders)];
  const seen = new Set<string>();
  return all.filter(({ path }) => !seen.has(path) && seen.add(path));
}
