/** Before keys are taken out of files: that they could be had back even if this home were lost or locked. */
import { resolve } from "node:path";
import * as adopt from "../control/operations/adopt.ts";
import * as backup from "../control/operations/backup.ts";
import * as slots from "../control/operations/slots.ts";
import { AppError } from "../kernel/index.ts";
import { askText, chooseOne } from "./choose.ts";
import type { CliContext } from "./context.ts";
import { paint } from "./output.ts";
import { askSecret, confirm } from "./prompt.ts";
import { shortPath } from "./wording.ts";

export interface WayBack {
  /** `there`: nothing had to be made. */
  readonly kind: "there" | "recovery_code" | "backup" | "none";
  /** Shown this once. */
  readonly recoveryCode?: string;
}

/** Looks whether there is one, and makes one when not; without a person a recovery code. */
export async function ensureWayBack(
  context: CliContext,
  { yes, say }: { readonly yes: boolean; readonly say: (text: string) => void },
): Promise<WayBack> {
  const there = await context.client.call(adopt.wayBack, {});
  if (there.hasRecoveryCode || there.backupFile !== null) return { kind: "there" };
  const kind = yes ? "recovery_code" : await ask(context);
  if (kind === "none") return { kind };
  if (kind === "backup") {
    await makeBackup(context, say);
    return { kind };
  }
  const { recoveryCode } = await context.client.call(slots.add, { kind: "recovery-code" });
  if (recoveryCode === null) throw new AppError("internal", "a recovery code was made and not given out");
  say(
    [
      paint(context, "bold", "Recovery code, shown this once:"),
      `  ${recoveryCode}`,
      "Write it down, and keep it away from this machine: with a copy of the home it opens the vault (ownkey unlock --recovery-code-stdin).",
    ].join("\n"),
  );
  if (!yes && !(await confirm(context, "Have you written it down?", "--no-backup"))) {
    throw new AppError("cancelled", "stopped; nothing was taken out of a file", {
      hint: "a new code: ownkey slots add recovery-code",
    });
  }
  return { kind, recoveryCode };
}

async function ask(context: CliContext): Promise<"recovery_code" | "backup" | "none"> {
  return await chooseOne(context, "Nothing would bring your keys back if this vault could not be opened.", [
    { value: "recovery_code", label: "make a recovery code", hint: "shown once, to be written down" },
    { value: "backup", label: "write a backup", hint: "one encrypted file, with a passphrase of its own" },
    { value: "none", label: "go on without" },
  ] as const);
}

async function makeBackup(context: CliContext, say: (text: string) => void): Promise<void> {
  const file = await askText(context, "Where to?", "ownkey-backup.age");
  const passphrase = await askSecret(context, "Passphrase of the backup:", "--no-backup");
  if (passphrase !== (await askSecret(context, "The same again:", "--no-backup"))) {
    throw new AppError(
      "invalid_input",
      "the two passphrases differ; nothing was written or taken out of a file",
    );
  }
  const made = await context.client.call(backup.create, {
    file: resolve(context.workingDirectory, file),
    passphrase,
  });
  say(`wrote ${shortPath(context, made.file)} and opened it again`);
}
