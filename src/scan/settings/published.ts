import { dirname, join, relative, sep } from "node:path";
import { Glob } from "bun";
import { isJsonObject, type JsonObject, parseJson } from "../../kernel/index.ts";
import type { Finding } from "../finding.ts";
import { smallText } from "../small-text.ts";
import { aboutKey } from "./about-key.ts";
import { byKey, type KeyPlace, onePerFile } from "./key-place.ts";

interface Package {
  readonly folder: string;
  readonly name: string;
  readonly files: readonly string[] | undefined;
}

/** Keys in files that `npm publish` would take along: `.claude/settings.local.json` gets out this way. */
export function checkPublished(keys: readonly KeyPlace[]): Finding[] {
  const onDisk = keys.filter(
    ({ finding }) => finding.origin.kind === "file" || finding.origin.kind === "tool",
  );
  return [...byKey(onDisk).values()].flatMap((places) =>
    onePerFile(places).flatMap((key) => {
      const published = packageOf(key.path);
      if (!published || !isIncluded(published, key.path)) return [];
      const inside = relative(published.folder, key.path);
      return [
        aboutKey(key, {
          rule: "published",
          severity: "critical",
          title: `"npm publish" of ${published.name} takes this file along: the whole world gets the key`,
          fix: `replace the key at its provider, take it out of ${inside}, and add "!${inside}" to "files" in ${join(published.folder, "package.json")}`,
        }),
      ];
    }),
  );
}

/** The nearest package above that can be published. */
function packageOf(path: string): Package | undefined {
  for (let folder = dirname(path); folder !== dirname(folder); folder = dirname(folder)) {
    if (folder.split(sep).includes("node_modules")) return undefined;
    const manifest = readManifest(join(folder, "package.json"));
    if (manifest) return manifest["private"] === true ? undefined : asPackage(folder, manifest);
  }
  return undefined;
}

function readManifest(path: string): JsonObject | undefined {
  const parsed = parseJson(smallText(path) ?? "");
  return isJsonObject(parsed) ? parsed : undefined;
}

/** A package without name or version cannot be published. */
function asPackage(folder: string, { name, version, files }: JsonObject): Package | undefined {
  if (typeof name !== "string" || typeof version !== "string") return undefined;
  const listed = Array.isArray(files) ? files.filter((file) => typeof file === "string") : undefined;
  return { folder, name, files: listed };
}

/** npm's rule: what `files` names; without it everything that the nearest ignore file does not name. */
function isIncluded({ folder, files }: Package, path: string): boolean {
  const inside = relative(folder, path).split(sep).join("/");
  if (files) return lastMatch(files, inside);
  const ignored = smallText(join(folder, ".npmignore")) ?? smallText(join(folder, ".gitignore"));
  if (ignored === undefined) return true;
  const lines = ignored.split(/\r?\n/);
  return !lastMatch(
    lines.filter((line) => line.trim() !== "" && !line.startsWith("#")),
    inside,
  );
}

/** Whether the last pattern that fits says yes; `!` says no. */
function lastMatch(patterns: readonly string[], path: string): boolean {
  let included = false;
  for (const pattern of patterns) {
    const negated = pattern.startsWith("!");
    if (fits(pattern.slice(negated ? 1 : 0), path)) included = !negated;
  }
  return included;
}

function fits(pattern: string, path: string): boolean {
  const anchored = pattern.replace(/^\.?\//, "").replace(/\/$/, "");
  if (anchored === "" || anchored === "." || anchored === "*") return true;
  const floating = anchored.includes("/") ? [anchored] : [anchored, `**/${anchored}`];
  return floating.some((one) => new Glob(one).match(path) || new Glob(`${one}/**`).match(path));
}
