import type { Command } from "commander";
import { AppError } from "../kernel/index.ts";
import type { Register } from "./register.ts";
import { example } from "./options.ts";

/** Scripts for the shells, made from the command tree itself, so that they cannot fall behind. */
export const registerCompletion: Register = (program, context) => {
  program
    .command("completion <shell>")
    .description("completion script for bash, zsh or fish")
    .addHelpText(
      "after",
      example("ownkey completion bash > ~/.local/share/bash-completion/completions/ownkey"),
    )
    .action((shell: string) => {
      context.stdout.write(script(shell, wordsOf(program)));
    });
};

interface Words {
  /** `ownkey`, `ownkey keys`, … */
  readonly path: string;
  readonly words: readonly string[];
}

export function wordsOf(command: Command, path = "ownkey"): Words[] {
  const shown = command.options.filter(({ hidden }) => !hidden);
  const options = shown.map((option) => option.long ?? option.short ?? "");
  const children = command.commands.map((child) => child.name());
  return [
    { path, words: [...children, ...options, "--help"].filter((word) => word !== "") },
    ...command.commands.flatMap((child) => wordsOf(child, `${path} ${child.name()}`)),
  ];
}

function script(shell: string, tree: readonly Words[]): string {
  switch (shell) {
    case "bash":
      return bash(tree);
    case "zsh":
      return `#compdef ownkey\nautoload -U +X bashcompinit && bashcompinit\n${bash(tree)}`;
    case "fish":
      return fish(tree);
    default:
      throw new AppError("usage", `there is no completion for "${shell}"`, {
        hint: "use one of: bash, zsh, fish",
      });
  }
}

function bash(tree: readonly Words[]): string {
  const cases = tree.map(({ path, words }) => `    "${path}") words="${words.join(" ")}" ;;`).join("\n");
  return `_ownkey() {
  local path="ownkey" word words=""
  for word in "\${COMP_WORDS[@]:1:COMP_CWORD-1}"; do
    case "$word" in -*) ;; *) path="$path $word" ;; esac
  done
  case "$path" in
${cases}
  esac
  COMPREPLY=($(compgen -W "$words" -- "\${COMP_WORDS[COMP_CWORD]}"))
}
complete -o default -F _ownkey ownkey
`;
}

function fish(tree: readonly Words[]): string {
  return tree
    .flatMap(({ path, words }) => {
      const seen = path.split(" ").slice(1);
      const condition =
        seen.length === 0
          ? "__fish_use_subcommand"
          : seen.map((word) => `__fish_seen_subcommand_from ${word}`).join("; and ");
      return words.map((word) =>
        word.startsWith("--")
          ? `complete -c ownkey -n '${condition}' -l ${word.slice(2)}`
          : `complete -c ownkey -f -n '${condition}' -a ${word}`,
      );
    })
    .join("\n")
    .concat("\n");
}
