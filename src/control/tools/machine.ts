import { homedir } from "node:os";
import { z } from "zod";
import { AppError } from "../../kernel/index.ts";
import { adapterOf, ADAPTERS, systemMachine, type ToolAdapter, type ToolMachine } from "../../tools/index.ts";

/** What depends on the shell in which a command was given: whoever answers it may have another environment. */
export const shellInput = {
  environment: z.record(z.string(), z.string().optional()),
  workingDirectory: z.string().max(4096).optional(),
};

export interface Shell {
  readonly environment: Readonly<Record<string, string | undefined>>;
  readonly workingDirectory?: string | undefined;
}

export function machineOf({ environment, workingDirectory }: Shell): ToolMachine {
  return systemMachine({
    platform: process.platform,
    home: environment["HOME"] ?? homedir(),
    env: environment,
    ...(workingDirectory === undefined ? {} : { workingDirectory }),
  });
}

/** @throws AppError `not_found`. */
export function knownAdapter(id: string): ToolAdapter {
  const adapter = adapterOf(id);
  if (adapter) return adapter;
  throw new AppError("not_found", `there is no tool "${id}"`, {
    hint: `use one of: ${ADAPTERS.map((one) => one.id).join(", ")}`,
  });
}
