import { Option } from "commander";
import * as slots from "../control/operations/slots.ts";
import { AppError, withoutLineEnd } from "../kernel/index.ts";
import type { Register } from "./register.ts";
import type { CliContext, CommonOptions } from "./context.ts";
import { example } from "./options.ts";
import { print, shortTime, table } from "./output.ts";
import { askSecret } from "./prompt.ts";

type SlotKind = "passphrase" | "recovery-code" | "key-file" | "keychain" | "age-identity";

interface AddOptions extends CommonOptions {
  passphraseStdin?: boolean;
  /** Its former name. */
  stdin?: boolean;
  ageRecipient?: string;
}

export const registerSlots: Register = (program, context) => {
  const group = program.command("slots").description("the ways the vault can be unlocked");

  group
    .command("list")
    .description("all slots")
    .action(async (options: CommonOptions) => {
      const list = await context.client.call(slots.list, {});
      print(context, options, list, () =>
        table(
          list.items,
          [
            { title: "slot", of: (slot) => slot.id },
            { title: "kind", of: (slot) => slot.kind },
            { title: "made", of: (slot) => shortTime(slot.createdAt) },
            { title: "protects", of: (slot) => slot.protects },
          ],
          "no slots",
        ),
      );
    });

  group
    .command("add [kind]")
    .description(
      "add a slot: passphrase, recovery-code, key-file, keychain or, for a recipient, age-identity",
    )
    .option("--passphrase-stdin", "read the passphrase from standard input")
    .addOption(new Option("--stdin", "the same as --passphrase-stdin").hideHelp())
    .option("--age-recipient <recipient>", "public key of an age identity (age1…), which then unlocks")
    .addHelpText(
      "after",
      example(
        "ownkey slots add recovery-code",
        "ownkey slots add passphrase --passphrase-stdin < passphrase.txt",
        "ownkey slots add --age-recipient age1…",
      ),
    )
    .action(async (given: SlotKind | undefined, options: AddOptions) => {
      const { ageRecipient } = options;
      const kind = given ?? (ageRecipient === undefined ? undefined : "age-identity");
      const fromStdin = options.passphraseStdin ?? options.stdin ?? false;
      const isMixed =
        (kind === "age-identity") !== (ageRecipient !== undefined) || (fromStdin && kind !== "passphrase");
      if (kind === undefined || isMixed) throw noSuchSlot();
      const passphrase = kind === "passphrase" ? await newPassphrase(context, fromStdin) : undefined;
      const { client } = context;
      const added = await client.call(slots.add, {
        kind,
        ...(passphrase === undefined ? {} : { passphrase }),
        ...(ageRecipient === undefined ? {} : { ageRecipient }),
      });
      print(context, options, added, () =>
        added.recoveryCode === null
          ? `added ${added.kind} slot ${added.id}`
          : [
              "Write this down and keep it apart from this machine; it is shown once:",
              "",
              `  ${added.recoveryCode}`,
              "",
            ].join("\n"),
      );
    });

  group
    .command("remove <slot>")
    .description(
      "remove a slot; the vault gets a new key, so that an old backup with the old slot cannot open it",
    )
    .addHelpText("after", example("ownkey slots remove slot_01j9zk3v5x7a8b9c0d1e2f3g4h"))
    .action(async (id: string, options: CommonOptions) => {
      const done = await context.client.call(slots.remove, { id });
      print(
        context,
        options,
        done,
        () => "removed; the vault has new keys, and everything in it was sealed again",
      );
    });
};

function noSuchSlot(): AppError {
  return new AppError(
    "usage",
    "say which kind of slot; --age-recipient belongs to age-identity, --passphrase-stdin to passphrase, and to no other",
    {
      hint: "passphrase, recovery-code, key-file, keychain, or --age-recipient age1…",
    },
  );
}

async function newPassphrase(context: CliContext, fromStdin: boolean): Promise<string> {
  if (fromStdin) return withoutLineEnd(await context.readStdin());
  const first = await askSecret(context, "New passphrase:", "--passphrase-stdin");
  if (first !== (await askSecret(context, "The same again:", "--passphrase-stdin"))) {
    throw new AppError("invalid_input", "the two passphrases differ; nothing was changed");
  }
  return first;
}
