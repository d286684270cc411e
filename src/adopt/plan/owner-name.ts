import type { KeyPlace } from "./candidate.ts";

/** Files of no tool of its own: whoever works in their folder reads them. */
const GENERIC: ReadonlySet<string> = new Set(["dotenv", "direnv", "package-manager"]);
const LONGEST = 40;

/** Who gets a virtual key for a file: its tool by its id; other files by the folder they are in, as projects have it. */
export function ownerName(file: string, { tool }: Pick<KeyPlace, "tool">): string {
  if (tool !== undefined && !GENERIC.has(tool)) return tool;
  const [folder = "files"] = file.split(/[\\/]/).slice(-2, -1);
  const name = folder.replaceAll(/[^A-Za-z0-9._-]+/g, "-").replace(/^[^A-Za-z0-9]+/, "");
  return name === "" ? "files" : name.slice(0, LONGEST);
}
