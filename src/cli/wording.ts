import type { CliContext } from "./context.ts";

/** `1 key`, `2,000 keys`. */
export function counted(number: number, one: string, several = `${one}s`): string {
  return `${number.toLocaleString("en")} ${number === 1 ? one : several}`;
}

/** `~/.env` for what lies in the home. */
export function shortPath({ environment }: Pick<CliContext, "environment">, path: string): string {
  const home = environment["HOME"];
  return home && path.startsWith(`${home}/`) ? `~${path.slice(home.length)}` : path;
}
