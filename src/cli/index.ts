export { buildProgram, printError, runCli } from "./program.ts";
export type { CliContext, Output, ProgramReport, Programs, UpFlags } from "./context.ts";
export { askSecret } from "./prompt.ts";
