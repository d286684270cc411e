import type { OutboundFetch } from "../gateway/index.ts";
import { AppError } from "../kernel/index.ts";
import type { PostWebhook } from "../notify/index.ts";

/** Posts to the webhook's address after checking it, as providers are called: no redirects, no private address unless allowed. */
export function webhookPost(
  fetch: OutboundFetch,
  { allowPrivate }: { readonly allowPrivate: boolean },
): PostWebhook {
  return async (url, { headers, body, signal }) => {
    const { origin, username, password } = new URL(url);
    if (username !== "" || password !== "") {
      throw new AppError("invalid_input", "the webhook's URL holds a user or a password", {
        hint: "take it out; receivers check the signature instead",
      });
    }
    try {
      const settings = { baseUrl: origin, allowPrivate };
      const answer = await fetch(url, { method: "POST", headers, body, signal }, settings);
      await answer.body?.cancel();
      return answer.status;
    } catch (error) {
      throw error instanceof AppError && error.code === "not_allowed" ? refused(url, error) : error;
    }
  };
}

function refused(url: string, cause: AppError): AppError {
  const isPlain = url.startsWith("http:");
  return new AppError("not_allowed", "the webhook's address may not be called", {
    hint: isPlain
      ? "plain http goes to this machine only; use https"
      : "it is private; if it is meant to be: ownkey config set notifyPrivate true",
    cause,
  });
}
