import type { Caller } from "../access/index.ts";
import { AppError } from "../kernel/index.ts";
import type { Control } from "./control.ts";
import type { AnyOperation } from "./operation.ts";

/** Checks the input, runs, and gives the document of the output schema: what that does not name does not get out. */
export async function runOperation(
  found: AnyOperation,
  control: Control,
  caller: Caller,
  input: unknown,
): Promise<unknown> {
  const parsed = found.input.safeParse(input);
  if (!parsed.success) {
    const [issue] = parsed.error.issues;
    const place = issue?.path.join(".") ?? "";
    throw new AppError(
      "invalid_input",
      `${place === "" ? "the input" : `"${place}"`}: ${issue?.message ?? "invalid"}`,
    );
  }
  return found.output.parse(await found.run(control, caller, parsed.data as never));
}
