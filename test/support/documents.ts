/** The project's Markdown, as far as tests look into it: fenced blocks, links and the anchors that headings make. */
import { Glob } from "bun";
import { readFileSync } from "node:fs";
import { join } from "node:path";

const ROOT = join(import.meta.dir, "../..");

/** Every Markdown file of the project, by its path below the repository. */
export function documentPaths(): string[] {
  const globs = ["*.md", "docs/**/*.md"];
  return globs.flatMap((pattern) => [...new Glob(pattern).scanSync(ROOT)]).sort();
}

export function readDocument(path: string): string {
  return readFileSync(join(ROOT, path), "utf8");
}

export interface FencedBlock {
  readonly language: string;
  /** Second word behind the fence: the file that the text is. */
  readonly name: string | undefined;
  readonly text: string;
  /** Of the fence, from 1. */
  readonly line: number;
}

export function fencedBlocks(text: string): FencedBlock[] {
  const blocks: FencedBlock[] = [];
  const lines = text.split("\n");
  for (let at = 0; at < lines.length; at++) {
    const fence = /^```(\S*)(?: (\S+))?$/.exec(lines[at] ?? "");
    if (!fence) continue;
    const end = lines.indexOf("```", at + 1);
    if (end < 0) throw new Error(`a fence opened in line ${at + 1} is never closed`);
    const inside = lines.slice(at + 1, end).join("\n");
    blocks.push({ language: fence[1] ?? "", name: fence[2], text: inside, line: at + 1 });
    at = end;
  }
  return blocks;
}

/** Targets of inline links outside code, to files of the repository and to places in them. */
export function relativeLinks(text: string): string[] {
  return [...prose(text).matchAll(/\]\(([^()\s]+)\)/g)]
    .map((match) => match[1] ?? "")
    .filter((target) => !/^[a-z]+:/.test(target));
}

/** Command lines in running text: code that begins with `ownkey` and a word. */
export function namedCommands(text: string): string[] {
  const outside = text.replace(/^```.*?^```$/gms, "");
  return [...outside.matchAll(/`(ownkey [a-z][^`]*)`/g)].map((match) => match[1] ?? "");
}

/** The anchors that a reader of the page can go to, as GitHub makes them of headings. */
export function anchors(text: string): ReadonlySet<string> {
  const headings = [...text.replace(/^```.*?^```$/gms, "").matchAll(/^#{1,6} +(.+)$/gm)];
  return new Set(
    headings.map((match) =>
      (match[1] ?? "")
        .replace(/\[([^\]]*)\]\([^)]*\)/g, "$1")
        .toLowerCase()
        .replace(/[^\p{L}\p{N}\s_-]/gu, "")
        .replaceAll(" ", "-"),
    ),
  );
}

function prose(text: string): string {
  return text.replace(/^```.*?^```$/gms, "").replace(/`[^`\n]*`/g, "");
}
