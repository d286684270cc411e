import type { Caller, VirtualKeys } from "../../access/index.ts";
import { adoptionOfPurpose } from "./names.ts";

/**
 * For an adoption whose undo copies are forgotten: its files go on holding its virtual keys, which therefore are not to
 * be taken for those of one that was undone.
 */
export async function keepVirtualKeys(
  caller: Caller,
  adoption: string,
  virtualKeys: VirtualKeys,
): Promise<void> {
  for (const { id, state, policy } of await virtualKeys.list()) {
    if (state === "revoked" || adoptionOfPurpose(policy.purpose) !== adoption) continue;
    await virtualKeys.set(caller, id, { policy: { purpose: "adopted for good" } });
  }
}
