import { expect, test } from "bun:test";
import { readFileSync } from "node:fs";
import { dirname, join, relative } from "node:path";

const source = join(import.meta.dir, "..");

/** Every file that is loaded with this one, before anything is asked for. */
function loadedWith(file: string, seen = new Set<string>()): Set<string> {
  if (seen.has(file)) return seen;
  seen.add(file);
  const text = readFileSync(join(source, file), "utf8").replaceAll(/^(?:im|ex)port type [^;]*;/gms, "");
  for (const [, target = ""] of text.matchAll(/^(?:im|ex)port\b[^;]*?\bfrom "(\.[^"]+)";/gms)) {
    loadedWith(relative(source, join(source, dirname(file), target)), seen);
  }
  return seen;
}

test("the git hook loads the engine, and neither rules, providers nor tools before git is at work", () => {
  const loaded = [...loadedWith("scan/index.ts")];
  expect(loaded).toContain("scan/matcher.ts");
  expect(loaded.filter((file) => /^(?:providers|tools)\/|^scan\/(?:rules|threads)\b/.test(file))).toEqual([]);
});
