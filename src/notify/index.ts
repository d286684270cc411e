export { CHANNEL_NAMES, type Channel, type ChannelName } from "./channel.ts";
export { commandChannel } from "./command-channel.ts";
export { EVENT_TYPES, eventDocument, type EventType, type NewEvent, type NotifyEvent } from "./event.ts";
export { type Delivery, DELIVERY_STATES, type DeliveryState } from "./event-table.ts";
export { Notifier, type Outcome } from "./notifier.ts";
export { checkedSigningSecret, newSigningSecret } from "./signature.ts";
export { type PostWebhook, webhookChannel } from "./webhook-channel.ts";
