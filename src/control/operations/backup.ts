import { z } from "zod";
import {
  clearRestored,
  createBackup,
  type OpenWith,
  readRestored,
  restoreBackup,
  verifyBackup,
} from "../../backup/index.ts";
import { AppError, Secret, VERSION } from "../../kernel/index.ts";
import { operation } from "../operation.ts";
import { doneSchema, emptySchema, secretInput, timeSchema } from "../schemas.ts";

export const create = operation({
  name: "backup.create",
  summary: "Write the whole home to one age-encrypted file, and verify it",
  place: "own-process",
  whileLocked: true,
  input: z.object({
    file: z.string().min(1),
    passphrase: secretInput.optional(),
    recipients: z.array(z.string()).min(1).optional(),
  }),
  output: z.object({
    file: z.string(),
    sizeBytes: z.number().int(),
    sha256: z.string(),
    createdAt: timeSchema,
    files: z.number().int(),
    verified: z.enum(["opened", "content"]),
    warnings: z.array(z.string()),
  }),
  async run(control, caller, { file, passphrase, recipients }) {
    if ((passphrase === undefined) === (recipients === undefined)) {
      throw new AppError(
        "invalid_input",
        "a backup is protected by a passphrase or by recipients, one of both",
      );
    }
    const report = await createBackup({
      home: control.home,
      target: file,
      to: passphrase ? { passphrase } : { recipients: recipients ?? [] },
      caller,
      perform: control.perform,
      about: {
        engine: control.store.engine,
        ownkeyVersion: VERSION,
        vaultId: control.vault.id,
        schemaVersion: control.schemaVersion,
        slots: await control.vault.slots(control.store),
      },
      clock: control.clock,
    });
    // It was opened again: from now on there is a way back.
    await control.perform(
      caller,
      { action: "backup.written", permission: "backup.create", subject: report.file },
      async () => {},
    );
    return { ...report, warnings: report.warnings.map((warning) => warning.message) };
  },
});

const openInput = {
  file: z.string().min(1),
  passphrase: secretInput.optional(),
  identity: z.string().optional().describe("content of an age identity file"),
};

export const verify = operation({
  name: "backup.verify",
  summary: "Decrypt a backup and check everything in it",
  place: "offline",
  input: z.object(openInput),
  output: z.object({
    file: z.string(),
    sizeBytes: z.number().int(),
    createdAt: timeSchema,
    ownkeyVersion: z.string(),
    vaultId: z.string(),
    schemaVersion: z.number().int(),
    files: z.array(z.object({ name: z.string(), sizeBytes: z.number().int() })),
  }),
  async run(control, _caller, input) {
    const verified = await verifyBackup({
      file: input.file,
      with: openWith(input),
      workspace: control.home,
      schemaVersion: control.schemaVersion,
    });
    return { ...verified, files: [...verified.files] };
  },
});

export const restore = operation({
  name: "backup.restore",
  summary: "Put a backup in the place of the home; a former home is set aside, never deleted",
  place: "offline",
  input: z.object({ ...openInput, replace: z.boolean().default(false) }),
  output: z.object({
    home: z.string(),
    vaultId: z.string(),
    createdAt: timeSchema,
    files: z.number().int(),
    previousHome: z.string().nullable(),
  }),
  async run(control, _caller, input) {
    return await restoreBackup({
      file: input.file,
      with: openWith(input),
      home: control.home,
      replace: input.replace,
      schemaVersion: control.schemaVersion,
      clock: control.clock,
    });
  },
});

export const confirm = operation({
  name: "backup.confirm",
  summary: "Accept a restored state: its virtual keys work again",
  place: "anywhere",
  input: emptySchema,
  output: doneSchema,
  async run(control, caller) {
    const restored = readRestored(control.home);
    if (!restored) throw new AppError("not_found", "there is no unconfirmed restore");
    const act = {
      action: "backup.confirm",
      permission: "backup.restore",
      subject: restored.vaultId,
    } as const;
    await control.perform(caller, act, async () => {});
    clearRestored(control.home);
    return { done: true as const };
  },
});

function openWith({
  passphrase,
  identity,
}: {
  passphrase?: Secret | undefined;
  identity?: string | undefined;
}): OpenWith {
  if (identity !== undefined) {
    const lines = identity.split(/\r?\n/).map((line) => line.trim());
    return {
      identities: lines.filter((line) => line.startsWith("AGE-SECRET-KEY-")).map((line) => new Secret(line)),
    };
  }
  if (passphrase) return { passphrase };
  throw new AppError("invalid_input", "a passphrase or an identity is needed to open the backup");
}
