import { z } from "zod";
import { KEY_FORMATS, readFormat, storeKeys, type StoredKey } from "../../adopt/index.ts";
import { maskValue, Secret } from "../../kernel/index.ts";
import { takeIn } from "../key-intake.ts";
import { operation } from "../operation.ts";
import { secretInput } from "../schemas.ts";
import { settingsFields, settingsInputOf } from "../settings-input.ts";
import { storedKeyDocument, storedKeySchema } from "../stored-key-document.ts";

const readKeySchema = z.object({
  label: z.string().describe("as it is called there: cursor.openai.apiKey, OPENAI_API_KEY"),
  provider: z.string(),
  kind: z.enum(["inference", "admin"]),
  masked: z.string(),
  settings: z.object(settingsFields),
  value: z.instanceof(Secret),
});

export const read = operation({
  name: "import.read",
  summary: "Read keys out of a text in one of the formats; nothing is stored, nobody is asked",
  place: "offline",
  input: z.object({
    format: z.enum(KEY_FORMATS),
    text: z.string().default(""),
    /** What `${NAME}` refers to, and what the format `env` reads. */
    environment: z.record(z.string(), z.string().optional()),
  }),
  output: z.object({ keys: z.array(readKeySchema), notes: z.array(z.string()) }),
  run(_control, _caller, { format, text, environment }) {
    const { keys, notes } = readFormat(format, text, environment);
    return Promise.resolve({
      keys: keys.map(({ settings, ...key }) => ({
        ...key,
        settings: { ...settings, deployments: settings.deployments ? [...settings.deployments] : undefined },
        masked: maskValue(key.value.reveal()),
      })),
      notes: [...notes],
    });
  },
});

/** `work` of `WORK_OPENAI_API_KEY`: what its owner calls it, should it be one of several. */
function firstWord(label: string): string | undefined {
  return /^[a-z0-9]+/.exec(label.toLowerCase())?.[0];
}

const keyInput = z.object({
  label: z.string().max(500),
  provider: z.string().min(1).max(64),
  kind: z.enum(["inference", "admin"]).default("inference"),
  value: secretInput,
  ...settingsFields,
});

export const store = operation({
  name: "import.store",
  summary: "Test keys and store those that are new; the same key under several names is one key",
  place: "anywhere",
  input: z.object({
    keys: z.array(keyInput).min(1).max(500),
    test: z.boolean().default(true),
    keep: z.boolean().default(false).describe("store a key even if its provider refuses it"),
  }),
  output: z.object({ items: z.array(storedKeySchema) }),
  async run(control, caller, { keys, test, keep }) {
    const stored: StoredKey[] = await storeKeys(
      caller,
      keys.map(({ label, provider, kind, value, ...settings }) => ({
        labels: [label],
        found: firstWord(label),
        provider,
        kind,
        value,
        settings: settingsInputOf(settings),
      })),
      {
        connections: control.connections,
        takeIn: (intake) => takeIn(control, intake),
        fingerprint: (value) => control.vault.fingerprint(value),
        test,
        keep,
      },
    );
    return { items: stored.map(storedKeyDocument) };
  },
});
