import type { z } from "zod";
import type { Caller } from "../access/index.ts";
import type { Control } from "./control.ts";

/**
 * One use case: the CLI, the control socket and later the page all run it, so that it exists once. Its schemas check
 * the input, describe the `--json` document and give the OpenAPI document.
 */
export interface Operation<Input extends z.ZodType = z.ZodType, Output extends z.ZodType = z.ZodType> {
  /** `noun.verb`, also the path under `/api/`. */
  readonly name: string;
  readonly summary: string;
  readonly input: Input;
  readonly output: Output;
  /**
   * Where it may run. `anywhere`: in the running program when there is one, else in the CLI's own process.
   * `own-process`: never over the socket, because its answer holds a secret or because it is heavy work.
   * `offline`: as `own-process`, and without opening the home, which may be damaged or missing.
   * `running`: only in the running program.
   */
  readonly place: "anywhere" | "own-process" | "offline" | "running";
  /** Works without unlocking the vault first. */
  readonly whileLocked?: boolean;
  /** Only looks: where no home was made yet it finds nothing, and makes none. */
  readonly withoutHome?: boolean;
  /** Works with what is sound in the settings when something in them is wrong, so that it can be mended. */
  readonly mendsSettings?: boolean;
  run(control: Control, caller: Caller, input: z.output<Input>): Promise<z.output<Output>>;
}

/** Declares an operation with the types of its schemas. */
export function operation<Input extends z.ZodType, Output extends z.ZodType>(
  declaration: Operation<Input, Output>,
): Operation<Input, Output> {
  return declaration;
}

/** An operation whatever its schemas, as lists hold it. */
export type AnyOperation = Omit<Operation, "run"> & {
  run(control: Control, caller: Caller, input: never): Promise<unknown>;
};

/** Whether the socket serves it. */
export function isRemote({ place }: Pick<Operation, "place">): boolean {
  return place === "anywhere" || place === "running";
}
