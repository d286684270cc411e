import { z } from "zod";
import { formatTime, systemRandomness } from "../../kernel/index.ts";
import {
  CHANNEL_NAMES,
  type ChannelName,
  checkedSigningSecret,
  DELIVERY_STATES,
  EVENT_TYPES,
  newSigningSecret,
} from "../../notify/index.ts";
import type { SettingsView } from "../control.ts";
import { operation } from "../operation.ts";
import { emptySchema, nullableTime, secretInput, timeSchema } from "../schemas.ts";
import { settingOf } from "../setting-of.ts";

const channelSchema = z.enum(CHANNEL_NAMES);
const dataSchema = z.record(z.string(), z.unknown()).describe("the same as the message, for programs");

export const list = operation({
  name: "notify.list",
  summary: "Alerts told lately, newest first, and how they arrived",
  place: "anywhere",
  whileLocked: true,
  withoutHome: true,
  input: z.object({ limit: z.number().int().min(1).max(1000).default(50) }),
  output: z.object({
    items: z.array(
      z.object({
        id: z.string(),
        type: z.enum(EVENT_TYPES),
        at: timeSchema,
        message: z.string(),
        data: dataSchema,
        deliveries: z.array(
          z.object({
            channel: channelSchema,
            state: z.enum(DELIVERY_STATES),
            attempts: z.number().int(),
            nextAt: nullableTime,
            problem: z.string().nullable(),
          }),
        ),
      }),
    ),
  }),
  async run({ notifier }, _caller, { limit }) {
    const items = (await notifier.recent(limit)).map(({ event, deliveries }) => ({
      id: event.id,
      type: event.type,
      at: formatTime(event.atMs),
      message: event.message,
      data: { ...event.data },
      deliveries: deliveries.map(({ channel, state, attempts, nextMs, problem }) => ({
        channel,
        state,
        attempts,
        nextAt: state === "waiting" ? formatTime(nextMs) : null,
        problem,
      })),
    }));
    return { items };
  },
});

export const status = operation({
  name: "notify.status",
  summary: "Where alerts go",
  place: "anywhere",
  whileLocked: true,
  withoutHome: true,
  input: emptySchema,
  output: z.object({
    channels: z.array(channelSchema).describe("besides the log, which is told always"),
    fromNextStart: z
      .array(channelSchema)
      .nullable()
      .describe("as the settings are now; null: nothing has changed since the start"),
    waiting: z.number().int().describe("deliveries that wait for their time"),
    secret: z.boolean().describe("whether there is a secret that webhooks are signed with"),
  }),
  async run({ notifier, signingSecrets, settings }) {
    const [waiting, secret] = await Promise.all([notifier.waiting(), signingSecrets.exists()]);
    return {
      channels: [...notifier.channels],
      fromNextStart: channelsFromNextStart(settings),
      waiting,
      secret,
    };
  },
});

const CHANNEL_SETTINGS = ["notifyCommand", "notifyWebhook", "notifyPrivate"];

function channelsFromNextStart(settings: SettingsView): ChannelName[] | null {
  const now = CHANNEL_SETTINGS.map(settingOf(settings));
  const next = CHANNEL_SETTINGS.map((name) => settings.fromNextStart(name));
  if (next.includes(undefined) || Bun.deepEquals(now, next)) return null;
  const [command, webhook] = next;
  return [
    ...(Array.isArray(command) && command.length > 0 ? (["command"] as const) : []),
    ...(webhook === null ? [] : (["webhook"] as const)),
  ];
}

export const test = operation({
  name: "notify.test",
  summary: "Tell every channel now that this is a test",
  place: "anywhere",
  input: emptySchema,
  output: z.object({
    items: z.array(
      z.object({ channel: channelSchema, problem: z.string().nullable(), hint: z.string().nullable() }),
    ),
  }),
  async run({ notifier }) {
    return { items: await notifier.test() };
  },
});

const graceSchema = z
  .number()
  .int()
  .min(0)
  .max(30 * 86_400)
  .default(86_400)
  .describe("seconds for which the former secret signs as well");

export const newSecret = operation({
  name: "notify.newSecret",
  summary: "Make a secret that webhooks are signed with; it is in this answer and nowhere else",
  place: "anywhere",
  input: z.object({ graceSeconds: graceSchema }),
  output: z.object({ secret: z.string().describe("shown this once") }),
  async run({ signingSecrets }, caller, { graceSeconds }) {
    const secret = newSigningSecret(systemRandomness);
    await signingSecrets.replace(caller, secret, graceSeconds * 1000);
    return { secret: secret.reveal() };
  },
});

export const setSecret = operation({
  name: "notify.setSecret",
  summary: "Sign webhooks with a secret that the receiver gave",
  place: "anywhere",
  input: z.object({ secret: secretInput, graceSeconds: graceSchema }),
  output: z.object({ secret: z.literal(true) }),
  async run({ signingSecrets }, caller, { secret, graceSeconds }) {
    await signingSecrets.replace(caller, checkedSigningSecret(secret), graceSeconds * 1000);
    return { secret: true as const };
  },
});

export const removeSecret = operation({
  name: "notify.removeSecret",
  summary: "Forget the secret that webhooks are signed with; none is sent then",
  place: "anywhere",
  whileLocked: true,
  input: emptySchema,
  output: z.object({ removed: z.boolean() }),
  async run({ signingSecrets }, caller) {
    return { removed: await signingSecrets.remove(caller) };
  },
});
