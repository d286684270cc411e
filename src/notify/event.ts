import { formatTime, type JsonObject } from "../kernel/index.ts";

export const EVENT_TYPES = [
  "budget.threshold",
  "budget.overrun",
  "virtual_key.new_address",
  "virtual_key.unusual_spend",
  "clock.jumped",
  "notify.test",
] as const;
export type EventType = (typeof EVENT_TYPES)[number];

/** Something that somebody should hear of. */
export interface NotifyEvent {
  readonly id: string;
  readonly type: EventType;
  readonly atMs: number;
  /** One sentence for people. */
  readonly message: string;
  /** The same for programs; names, sums and times, never a secret or a prompt. */
  readonly data: JsonObject;
}

/** An event that is about to be told. */
export interface NewEvent extends Omit<NotifyEvent, "id" | "atMs"> {
  /** What it is about: of two events with the same mark only the first is told, whoever saw it. */
  readonly mark: string;
  /** How long the mark must be remembered; `null` = for good. */
  readonly keepMs: number | null;
}

/** The document that commands read and webhooks get: type, timestamp and data as Standard Webhooks has them. */
export function eventDocument({ id, type, atMs, message, data }: NotifyEvent): JsonObject {
  return { id, type, timestamp: formatTime(atMs), message, data };
}
