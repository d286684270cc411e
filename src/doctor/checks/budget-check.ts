import { formatTime } from "../../kernel/index.ts";
import { type Check, type CheckResult, ok, skip } from "../check.ts";
import type { HomeContext } from "../home-context.ts";

const WARN_SHARE = 0.8;

/** Budgets that refuse requests, or are about to, and those that nobody can rely on any more. */
export function budgetCheck({ budgets }: HomeContext): Check {
  return {
    id: "budgets.near",
    title: "budgets",
    group: "budgets",
    async run() {
      if (!budgets) return skip("there are no budgets");
      const damaged = await budgets.damaged();
      if (damaged.length > 0) return refusing(damaged);
      const near = (await budgets.near()).filter(({ usedShare }) => usedShare >= WARN_SHARE);
      if (near.length === 0) return ok("no budget is about to block");
      const blocking = near.filter(({ usedShare, blocks }) => blocks && usedShare >= 1);
      return {
        status: blocking.length > 0 ? "fail" : "warn",
        what:
          blocking.length > 0
            ? `${blocking.length} of the budgets refuse requests now`
            : `${near.length} of the budgets are about to refuse requests`,
        checklist: near.map(({ name, usedShare, resetsAtMs }) => ({
          text: `${name}: ${Math.floor(usedShare * 100)} % used${resetsAtMs === null ? "" : `, begins anew ${formatTime(resetsAtMs).slice(0, 16).replace("T", " ")} UTC`}`,
          state: usedShare >= 1 ? "cause" : "open",
        })),
        next: "look at what spends: ownkey usage --by tool; raise an amount: ownkey budget set",
      };
    },
  };
}

function refusing(damaged: readonly string[]): CheckResult {
  return {
    status: "fail",
    what: "rows of budgets were changed or taken away outside Ownkey: every request is refused",
    why: `they are not as they were written: ${damaged.join(", ")}`,
    next: "ownkey budget list; then for each of them: ownkey budget remove NAME, and set it again",
  };
}
