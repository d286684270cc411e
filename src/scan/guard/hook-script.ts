/** The text of a guarding hook: it runs what was there before, then looks at the change. */

export const HOOKS = ["pre-commit", "pre-push"] as const;
export type HookName = (typeof HOOKS)[number];

/** By this line a hook is known as ours. */
const MARK = "# ownkey-guard";

export interface HookScript {
  readonly hook: HookName;
  /** Absolute path of the program. */
  readonly program: string;
  /** Name, beside the hook, of the one that was there before. */
  readonly previous: string | undefined;
}

/**
 * POSIX shell. `pre-push` gets what is pushed on standard input, which both hooks want to read. When the program is
 * gone nothing is let through: a guard that is silently off is none.
 */
export function hookScript({ hook, program, previous }: HookScript): string {
  return `#!/bin/sh
${MARK}: refuses keys in ${hook === "pre-commit" ? "commits" : "pushes"}. Take it out with: ownkey guard uninstall
ownkey=${shellText(program)}
previous=${shellText(previous ?? "")}
[ -x "$ownkey" ] || ownkey=$(command -v ownkey) || {
  echo "ownkey guard: the program was not found, so nothing was checked. Install Ownkey again," >&2
  echo "or go on without the guard this once: git ${hook === "pre-commit" ? "commit" : "push"} --no-verify" >&2
  exit 1
}
${hook === "pre-push" ? "refs=$(cat)\n" : ""}before=$(dirname "$0")/$previous
if [ -n "$previous" ] && [ -x "$before" ]; then
  ${hook === "pre-push" ? `printf '%s\\n' "$refs" | "$before" "$@" || exit` : '"$before" "$@" || exit'}
fi
${hook === "pre-push" ? `printf '%s\\n' "$refs" | "$ownkey" guard run pre-push "$@"` : 'exec "$ownkey" guard run pre-commit'}
`;
}

export function isOurHook(text: string): boolean {
  return text.split("\n", 3).some((line) => line.startsWith(MARK));
}

/** The hook that ours calls first. */
export function previousIn(text: string): string | undefined {
  return /^previous='([^']+)'$/m.exec(text)?.[1];
}

function shellText(text: string): string {
  return `'${text.replaceAll("'", `'\\''`)}'`;
}
