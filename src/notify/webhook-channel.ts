import { AppError, type Clock, type Secret } from "../kernel/index.ts";
import type { Channel } from "./channel.ts";
import { eventDocument } from "./event.ts";
import { signedHeaders } from "./signature.ts";

/** The way out: to an address that was checked, without redirects. Gives the status. */
export type PostWebhook = (
  url: string,
  request: {
    readonly headers: Readonly<Record<string, string>>;
    readonly body: string;
    readonly signal: AbortSignal;
  },
) => Promise<number>;

export interface WebhookChannelOptions {
  readonly url: string;
  readonly post: PostWebhook;
  /** The secret in force, and the one before it for a while; none when there is no secret yet. */
  readonly secrets: () => Promise<readonly Secret[]>;
  readonly clock: Clock;
  readonly limitMs?: number;
}

const LIMIT_MS = 15_000;

/** Posts each event, signed. A status of 2xx means that it was taken; nothing unsigned is ever sent. */
export function webhookChannel({
  url,
  post,
  secrets,
  clock,
  limitMs = LIMIT_MS,
}: WebhookChannelOptions): Channel {
  return {
    name: "webhook",
    async deliver(event) {
      const known = await secrets();
      if (known.length === 0) {
        throw new AppError("conflict", "there is no signing secret yet", {
          hint: "make one: ownkey notify secret new",
          retryable: true,
        });
      }
      const body = JSON.stringify(eventDocument(event));
      const timestampSeconds = Math.floor(clock.nowMs() / 1000);
      const headers = {
        "content-type": "application/json",
        "user-agent": "ownkey",
        ...signedHeaders({ id: event.id, timestampSeconds, body }, known),
      };
      const status = await statusOf(
        post(url, { headers, body, signal: AbortSignal.timeout(limitMs) }),
        limitMs,
      );
      if (status >= 200 && status < 300) return;
      throw new AppError("conflict", `the receiver answered with status ${status}`, {
        hint:
          status >= 300 && status < 400
            ? "redirects are not followed: set notifyWebhook to where it leads"
            : undefined,
        retryable: true,
      });
    },
  };
}

async function statusOf(answer: Promise<number>, limitMs: number): Promise<number> {
  try {
    return await answer;
  } catch (error) {
    if (error instanceof AppError) throw error;
    const late = error instanceof DOMException && error.name === "TimeoutError";
    throw new AppError(
      "provider_unreachable",
      late
        ? `the receiver did not answer within ${limitMs / 1000} seconds`
        : "the receiver cannot be reached",
      {
        hint: "look at the setting notifyWebhook: ownkey config get notifyWebhook",
        retryable: true,
        cause: error,
      },
    );
  }
}
