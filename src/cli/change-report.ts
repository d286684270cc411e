/** What people see of keys in what is about to be committed or pushed: `scan --staged` and the guard say the same. */
import { printable, shellWord } from "./output.ts";
import type { ScanItem } from "./scan-report.ts";

export interface ChangeReport {
  readonly items: readonly ScanItem[];
  readonly verb: "commit" | "push";
  /** Whether git is called in the repository's folder: paths given to it count from where it is called. */
  readonly isAtTop: boolean;
}

/** The places, and all there is to do, in the order in which to do it. */
export function changeText({ items, verb, isAtTop }: ChangeReport): string {
  const steps = verb === "push" ? pushSteps(items) : commitSteps(items, isAtTop);
  return [
    ...items.map(({ path, line, commit, title, masked }) => {
      const where = commit === undefined ? "" : ` in commit ${commit.slice(0, 10)}`;
      return `  ${printable(path)}:${line}${where}  ${printable(title)}  ${printable(masked)}`;
    }),
    "",
    "What to do:",
    ...steps.map((step, index) => `  ${index + 1}. ${step}`),
    `  ${steps.length + 1}. Then ${verb} again.`,
    "No key? Put the comment ownkey:allow on its line.",
  ].join("\n");
}

function commitSteps(items: readonly ScanItem[], isAtTop: boolean): string[] {
  const paths = [...new Set(items.map(({ path }) => path))];
  const args = paths.map((path) => pathArgument(path, isAtTop)).join(" ");
  return [
    `Take the key out of ${filesIn(items)}. It has not left this machine: it need not be replaced.`,
    `Stage it again: git add ${args}; or leave it out: git restore --staged ${args}`,
    keepSafe(items),
  ];
}

function pushSteps(items: readonly ScanItem[]): string[] {
  return [
    `Take the key out of ${filesIn(items)}, also in the commits that were not pushed yet: git commit --amend for the last one, git rebase -i for earlier ones.`,
    "Replace it at its provider when anybody else could read this repository.",
    keepSafe(items),
  ];
}

function keepSafe(items: readonly ScanItem[]): string {
  const provider = items.find((item) => item.provider !== undefined)?.provider ?? "PROVIDER";
  return `Keep it out of the repository for good: ownkey keys add ${provider} stores it encrypted and lends it to tools.`;
}

/** `a key`, `3 keys`. */
export function keysIn(items: readonly ScanItem[]): string {
  const keys = new Set(items.map(({ group }) => group)).size;
  return keys === 1 ? "a key" : `${keys} keys`;
}

function filesIn(items: readonly ScanItem[]): string {
  return [...new Set(items.map(({ path }) => printable(path)))].join(", ");
}

/** A path as git takes it in a command that can be copied, whatever it is called. */
function pathArgument(path: string, isAtTop: boolean): string {
  const isWord = /^[\w./@+-]+$/.test(path);
  const isPattern = /^[-:]|[*?[\\]/.test(path);
  if (isAtTop && !isPattern) return isWord ? path : shellWord(path);
  return isWord && !isPattern ? `:/${path}` : shellWord(`:(top,literal)${path}`);
}
