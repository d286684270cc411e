/** The text of a guarding hook: it runs what was there before, then looks at the change. */

export const HOOKS = ["pre-commit", "pre-push"] as const;
export type HookName = (typeof HOOKS)[number];

/** By this line a hook is known as ours. */
const MARK = "# ownkey-guard";
const FOLDERS_MADE = "# folders made for it:";

export interface HookScript {
  readonly hook: HookName;
  /** Absolute path of the program. */
  readonly program: string;
  /** Name, beside the hook, of the one that was there before. */
  readonly previous: string | undefined;
  /** How many folders, the hook's and those above it, were not there before. */
  readonly foldersMade: number;
}

/**
 * POSIX shell. `pre-push` gets what is pushed on standard input, which both hooks want to read. When the program is
 * gone nothing is let through: a guard that is silently off is none.
 */
export function hookScript({ hook, program, previous, foldersMade }: HookScript): string {
  const pushing = hook === "pre-push";
  return `#!/bin/sh
${MARK}: refuses keys in ${pushing ? "pushes" : "commits"}. Take it out with: ownkey guard uninstall
${foldersMade > 0 ? `${FOLDERS_MADE} ${foldersMade}\n` : ""}ownkey=${shellText(program)}
previous=${shellText(previous ?? "")}
[ -x "$ownkey" ] || ownkey=$(command -v ownkey) || {
  echo "ownkey guard: the program was not found, so nothing was checked. Install Ownkey again," >&2
  echo "or go on without the guard this once: git ${pushing ? "push" : "commit"} --no-verify" >&2
  exit 1
}
${pushing ? PUSHED : ""}before=$(dirname "$0")/$previous
if [ -n "$previous" ] && [ -x "$before" ]; then
  ${pushing ? 'pushed | "$before" "$@" || exit' : '"$before" "$@" || exit'}
fi
${pushing ? 'pushed | "$ownkey" guard run pre-push "$@"' : 'exec "$ownkey" guard run pre-commit'}
`;
}

const PUSHED = `refs=$(cat)
pushed() { [ -z "$refs" ] || printf '%s\\n' "$refs"; }
`;

export function isOurHook(text: string): boolean {
  return text.split("\n", 3).some((line) => line.startsWith(MARK));
}

/** The hook that ours calls first. */
export function previousIn(text: string): string | undefined {
  return /^previous='([^']+)'$/m.exec(text)?.[1];
}

export function foldersMadeIn(text: string): number {
  const line = text.split("\n").find((one) => one.startsWith(FOLDERS_MADE));
  return Number(line?.slice(FOLDERS_MADE.length) ?? 0) || 0;
}

function shellText(text: string): string {
  return `'${text.replaceAll("'", `'\\''`)}'`;
}
