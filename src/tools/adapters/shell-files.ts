import { foldersOf } from "../machine.ts";
import type { ToolMachine } from "../tool-machine.ts";

/**
 * The start files into which variables have to be written so that the user's shells have them: of the shell that SHELL
 * names, else of those that have one already. Never empty.
 */
export function shellStartFiles(machine: ToolMachine): string[] {
  const { home, xdgConfig, platform, join, variable } = foldersOf(machine);
  const files = {
    zsh: join(variable("ZDOTDIR") ?? home, ".zshrc"),
    bash: join(home, platform === "darwin" ? ".bash_profile" : ".bashrc"),
    fish: join(xdgConfig, "fish", "conf.d", "ownkey.fish"),
  };
  const named = /(zsh|bash|fish)$/.exec(variable("SHELL") ?? "")?.[1] as keyof typeof files | undefined;
  if (named) return [files[named]];
  const there = [files.zsh, files.bash].filter((path) => machine.exists(path));
  return there.length > 0 ? there : [join(home, ".profile")];
}
