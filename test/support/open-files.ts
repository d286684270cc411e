import { readdirSync, readlinkSync } from "node:fs";
import { join } from "node:path";

/** Only Linux shows them. */
export const showsOpenFiles = process.platform === "linux";

/**
 * Paths by which the files of a folder can be reached that a process has open, those without a name among them; empty
 * where the system does not show them.
 */
export function openFiles(folder: string, pid: number | "self" = "self"): string[] {
  if (!showsOpenFiles) return [];
  const place = `/proc/${pid}/fd`;
  return readdirSync(place)
    .map((number) => join(place, number))
    .filter((path) => leadsInto(folder, path));
}

function leadsInto(folder: string, path: string): boolean {
  try {
    return readlinkSync(path).startsWith(folder);
  } catch {
    return false;
  }
}
