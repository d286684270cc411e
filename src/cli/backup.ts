import * as backup from "../control/operations/backup.ts";
import { AppError, withoutLineEnd } from "../kernel/index.ts";
import type { Command } from "commander";
import type { Register } from "./register.ts";
import type { CliContext, CommonOptions } from "./context.ts";
import { collect, example, exclusive } from "./options.ts";
import { print, warn } from "./output.ts";
import { askSecret } from "./prompt.ts";
import { shortPath } from "./wording.ts";
import { resolve } from "node:path";

interface ProtectionOptions extends CommonOptions {
  passphraseStdin?: boolean;
  recipient?: string[];
  identityFile?: string;
}

export const registerBackup: Register = (program, context) => {
  const group = program.command("backup").description("the whole home in one age-encrypted file");

  const create = withPassphrase(group.command("create <file>"))
    .description("write a backup and verify it")
    .option(
      "--recipient <age1…>",
      "encrypt to this age recipient instead of a passphrase (repeatable)",
      collect,
    )
    .addHelpText(
      "after",
      example("ownkey backup create ownkey.age", "ownkey backup create ownkey.age --recipient age1…"),
    )
    .action(async (file: string, options: ProtectionOptions) => {
      const to = options.recipient
        ? { recipients: options.recipient }
        : { passphrase: await newPassphrase(context, options) };
      const made = await context.client.call(backup.create, {
        file: resolve(context.workingDirectory, file),
        ...to,
      });
      for (const text of made.warnings) warn(context, text);
      print(
        context,
        options,
        made,
        () =>
          `wrote ${shortPath(context, made.file)}: ${made.files} files, ${made.sizeBytes} bytes; ${VERIFIED[made.verified]}`,
      );
    });
  exclusive(create, "--passphrase-stdin", "--recipient");

  withOpening(group.command("verify <file>"))
    .description("decrypt a backup and check everything in it; nothing is changed")
    .addHelpText("after", example("ownkey backup verify ownkey.age"))
    .action(async (file: string, options: ProtectionOptions) => {
      const result = await context.client.call(backup.verify, {
        file: resolve(context.workingDirectory, file),
        ...(await opening(context, options)),
      });
      print(
        context,
        options,
        result,
        () => `ok: made ${result.createdAt}, ${result.files.length} files, ${result.vaultId}`,
      );
    });

  withOpening(group.command("restore <file>"))
    .description("bring a backup back; an existing home is set aside, never deleted")
    .option("--replace", "a home that is not empty may be set aside")
    .addHelpText("after", example("ownkey backup restore ownkey.age"))
    .action(async (file: string, options: ProtectionOptions & { replace?: boolean }) => {
      const result = await context.client.call(backup.restore, {
        file: resolve(context.workingDirectory, file),
        replace: options.replace ?? false,
        ...(await opening(context, options)),
      });
      print(context, options, result, () =>
        [
          `restored ${result.files} files to ${shortPath(context, result.home)}`,
          ...(result.previousHome
            ? [`the former home is at ${shortPath(context, result.previousHome)}`]
            : []),
          "Virtual keys are suspended until you confirm what is in it: ownkey backup confirm",
        ].join("\n"),
      );
    });

  group
    .command("confirm")
    .description("accept the restored state: its virtual keys work again, also ones revoked since the backup")
    .action(async (options: CommonOptions) => {
      const done = await context.client.call(backup.confirm, {});
      print(context, options, done, () => "confirmed; check with: ownkey vk list");
    });
};

const VERIFIED = {
  opened: "read back and opened",
  content: "read back; every byte decrypts to what was copied",
} as const;

function withPassphrase(command: Command): Command {
  return command.option("--passphrase-stdin", "read the passphrase from standard input");
}

function withOpening(command: Command): Command {
  return exclusive(
    withPassphrase(command).option("--identity-file <file>", "age identity to decrypt with"),
    "--passphrase-stdin",
    "--identity-file",
  );
}

async function newPassphrase(context: CliContext, options: ProtectionOptions): Promise<string> {
  if (options.passphraseStdin) return await passphraseLine(context);
  const first = await askSecret(context, "Passphrase of the backup:", "--passphrase-stdin or --recipient");
  if (first !== (await askSecret(context, "The same again:", "--passphrase-stdin"))) {
    throw new AppError("invalid_input", "the two passphrases differ; nothing was written");
  }
  return first;
}

async function opening(context: CliContext, options: ProtectionOptions) {
  if (options.identityFile !== undefined) return { identity: context.readFile(options.identityFile) };
  if (options.passphraseStdin) return { passphrase: await passphraseLine(context) };
  return {
    passphrase: await askSecret(
      context,
      "Passphrase of the backup:",
      "--passphrase-stdin or --identity-file",
    ),
  };
}

async function passphraseLine(context: CliContext): Promise<string> {
  return withoutLineEnd(await context.readStdin());
}
