import { z } from "zod";
import { AppError } from "../../kernel/index.ts";
import type { OfflineControl, SettingView } from "../control.ts";
import { operation } from "../operation.ts";
import { emptySchema } from "../schemas.ts";

const valueSchema = z.union([z.string(), z.number(), z.boolean(), z.array(z.string()), z.null()]);

const settingSchema = z.object({
  name: z.string(),
  value: valueSchema,
  source: z.string(),
  default: valueSchema,
  variable: z.string().nullable(),
  needsRestart: z.boolean(),
  help: z.string(),
});

export const list = operation({
  name: "config.list",
  summary: "All settings, their values and where these come from",
  place: "offline",
  input: emptySchema,
  mendsSettings: true,
  output: z.object({
    items: z.array(settingSchema),
    problems: z.array(z.string()).describe("what is wrong in file and environment"),
  }),
  async run({ settings }) {
    return { items: settings.list().map(settingDocument), problems: [...settings.problems] };
  },
});

export const get = operation({
  name: "config.get",
  summary: "One setting",
  place: "offline",
  mendsSettings: true,
  input: z.object({ name: z.string() }),
  output: settingSchema,
  async run(control, _caller, { name }) {
    return settingDocument(settingNamed(control, name));
  },
});

export const set = operation({
  name: "config.set",
  summary: "Write one setting to config.jsonc; without a value, take it out",
  place: "own-process",
  whileLocked: true,
  mendsSettings: true,
  input: z.object({ name: z.string().min(1).max(64), value: z.string().max(4096).optional() }),
  output: settingSchema,
  async run(control, caller, { name, value }) {
    return await control.perform(
      caller,
      { action: "config.set", permission: "config.manage", details: { name } },
      async () => settingDocument(control.settings.set(name, value)),
    );
  },
});

function settingNamed(control: OfflineControl, name: string): SettingView {
  const found = control.settings.list().find((one) => one.name === name);
  if (found) return found;
  throw new AppError("not_found", `there is no setting "${name}"`, { hint: "ownkey config list shows all" });
}

function settingDocument(view: SettingView): z.output<typeof settingSchema> {
  const plain = (value: SettingView["value"]) =>
    Array.isArray(value) ? [...(value as readonly string[])] : (value as string | number | boolean | null);
  return { ...view, value: plain(view.value), default: plain(view.default) };
}
