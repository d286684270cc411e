export { printError, runCli, wholeProgram } from "./program.ts";
export type { CliContext, Output, ProgramReport, Programs, RunRequest, UpFlags } from "./context.ts";
export { askSecret, confirm } from "./prompt.ts";
