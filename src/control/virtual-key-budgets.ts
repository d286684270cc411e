import type { Caller, VirtualKey } from "../access/index.ts";
import type { Amount } from "../budgets/index.ts";
import type { Control } from "./control.ts";

/** Sets a budget of the virtual key for each of these periods. */
export async function setBudgets(
  { budgets }: Pick<Control, "budgets">,
  caller: Caller,
  { id, name }: VirtualKey,
  amounts: readonly Amount[],
): Promise<void> {
  const of = { subject: { kind: "vk", value: id }, subjectName: `vk:${name}` } as const;
  for (const amount of amounts) await budgets.set(caller, { ...of, ...amount });
}
