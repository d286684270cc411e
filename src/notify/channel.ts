import type { NotifyEvent } from "./event.ts";

export const CHANNEL_NAMES = ["command", "webhook"] as const;
export type ChannelName = (typeof CHANNEL_NAMES)[number];

/** A way to tell somebody. */
export interface Channel {
  readonly name: ChannelName;
  /** Resolves when it was taken. The same event may come more than once. @throws AppError that says why it was not. */
  deliver(event: NotifyEvent): Promise<void>;
}
