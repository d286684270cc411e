import * as vault from "../control/operations/vault.ts";
import { withoutLineEnd } from "../kernel/index.ts";
import type { Register } from "./register.ts";
import type { CliContext, CommonOptions } from "./context.ts";
import { example, exclusive } from "./options.ts";
import { print } from "./output.ts";
import { askSecret } from "./prompt.ts";

interface UnlockOptions extends CommonOptions {
  passphraseStdin?: boolean;
  recoveryCodeStdin?: boolean;
  ageIdentity?: string;
}

export const registerLock: Register = (program, context) => {
  program
    .command("lock")
    .description("lock the vault of the running Ownkey: nothing is lent or managed until it is unlocked")
    .action(async (options: CommonOptions) => {
      const status = await context.client.call(vault.lock, {});
      print(context, options, status, () => "locked");
    });

  const unlock = program
    .command("unlock")
    .description("unlock the vault of the running Ownkey")
    .option("--passphrase-stdin", "read the passphrase from standard input")
    .option("--recovery-code-stdin", "read the recovery code from standard input")
    .option("--age-identity <file>", "file with an age identity; - reads it from standard input")
    .addHelpText(
      "after",
      example(
        "ownkey unlock",
        "ownkey unlock --recovery-code-stdin < code.txt",
        "ownkey unlock --age-identity key.txt",
      ),
    )
    .action(async (options: UnlockOptions) => {
      const status = await context.client.call(vault.unlock, await unlockInput(context, options));
      print(context, options, status, () => "unlocked");
    });
  exclusive(unlock, "--passphrase-stdin", "--recovery-code-stdin", "--age-identity");
};

async function unlockInput(context: CliContext, options: UnlockOptions) {
  if (options.passphraseStdin) return { passphrase: await line(context) };
  if (options.recoveryCodeStdin) return { recoveryCode: await line(context) };
  if (options.ageIdentity === "-") return { ageIdentities: await context.readStdin() };
  if (options.ageIdentity !== undefined) return { ageIdentities: context.readFile(options.ageIdentity) };
  if (!context.interactive) return {};
  return {
    passphrase: await askSecret(
      context,
      "Passphrase (empty to use the key file or keychain):",
      "--passphrase-stdin",
    ),
  };
}

async function line(context: CliContext): Promise<string> {
  return withoutLineEnd(await context.readStdin());
}
