import { readRestored } from "../../backup/index.ts";
import { toAppError } from "../../kernel/index.ts";
import { type Check, type CheckResult, ok, skip } from "../check.ts";
import type { HomeContext } from "../home-context.ts";

/** The vault and what is in it, as far as it can be looked at without changing anything. */
export function vaultChecks(context: HomeContext): Check[] {
  const check = (what: string, title: string, run: () => CheckResult | Promise<CheckResult>): Check => ({
    id: `vault.${what}`,
    title,
    group: "vault",
    run,
  });
  return [
    check("open", "vault", () => opened(context)),
    check("slots", "ways to unlock", () => wayBack(context)),
    check("rows", "stored rows", () => intactRows(context)),
    check("restored", "restored home", () => restored(context)),
    check("ledger", "ledger", () => readable(context)),
  ];
}

function opened({ vault }: HomeContext): CheckResult {
  if (!vault.locked) return ok("it is unlocked");
  return {
    status: "fail",
    what: "it is locked: no key can be lent or managed",
    next: "ownkey unlock",
  };
}

/** A single way that hangs on this machine is lost with it. */
async function wayBack({ vault, store }: HomeContext): Promise<CheckResult> {
  const slots = await vault.slots(store);
  const kinds = slots.map(({ kind }) => kind.replaceAll("_", " ")).join(", ");
  if (slots.some(({ kind }) => kind !== "keychain" && kind !== "key_file")) return ok(kinds);
  return {
    status: "warn",
    what: `the only way in is on this machine: ${kinds}`,
    why: "when this machine or its keychain is lost, everything in the vault is, and a copy of the home does not help",
    next: "write a recovery code down: ownkey slots add recovery-code; and make a backup: ownkey backup create",
  };
}

async function intactRows({ connections, virtualKeys, vault }: HomeContext): Promise<CheckResult> {
  if (vault.locked) return skip("the vault is locked", "ownkey unlock");
  const { damaged } = await connections.intact();
  const refusal = await damageIn(virtualKeys);
  if (damaged.length === 0 && refusal === undefined) {
    return ok("connections, keys and virtual keys are as they were written");
  }
  return {
    status: "fail",
    what: "rows were changed outside Ownkey and are not used",
    why: [...(damaged.length > 0 ? [`their seal does not hold: ${damaged.join(", ")}`] : []), refusal ?? ""]
      .filter((part) => part !== "")
      .join("; "),
    next: "ownkey audit verify; then restore a backup with: ownkey backup restore FILE",
  };
}

const PAGE = 1000;

/** Every row's seal is checked when all are read; the first one that does not hold is told. */
async function damageIn(virtualKeys: HomeContext["virtualKeys"]): Promise<string | undefined> {
  try {
    for (let last: string | undefined = ""; last !== undefined;) {
      const page: readonly { readonly id: string }[] = await virtualKeys.page(last, PAGE);
      last = page.at(-1)?.id;
    }
    return undefined;
  } catch (error) {
    const known = toAppError(error);
    if (known.code !== "corrupt") throw error;
    return known.message;
  }
}

function restored({ home }: HomeContext): CheckResult {
  const mark = readRestored(home);
  if (!mark) return ok("this home is no unconfirmed copy");
  return {
    status: "fail",
    what: "this home came out of a backup and nobody has confirmed it: no virtual key is accepted",
    why: "virtual keys that were revoked since the backup would be valid again",
    next: "look at them with ownkey vk list, then: ownkey backup confirm",
  };
}

async function readable({ ledgers }: HomeContext): Promise<CheckResult> {
  const [newest] = await ledgers.list({ limit: 1 });
  return ok(newest ? "it can be read" : "it is empty: no request has been made yet");
}
