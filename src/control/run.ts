import type { Caller } from "../access/index.ts";
import { checkedInput } from "./checked-input.ts";
import type { Control } from "./control.ts";
import type { AnyOperation } from "./operation.ts";

/** Checks the input, runs, and gives the document of the output schema: what that does not name does not get out. */
export async function runOperation(
  found: AnyOperation,
  control: Control,
  caller: Caller,
  input: unknown,
): Promise<unknown> {
  const checked = checkedInput(found.input, input);
  return found.output.parse(await found.run(control, caller, checked as never));
}
