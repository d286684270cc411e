import type { Command } from "commander";
import type { CliContext } from "./context.ts";

/** Adds commands to the tree. `exit.code` is what the process ends with when nothing throws. */
export type Register = (program: Command, context: CliContext, exit: { code: number }) => void;
