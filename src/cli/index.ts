export { printError, runCli, wholeProgram } from "./program.ts";
export type { CliContext, Output, ProgramReport, Programs, UpFlags } from "./context.ts";
export { askSecret } from "./prompt.ts";
