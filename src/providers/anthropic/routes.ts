import { fileRoutes } from "../openai-wire/routes.ts";
import type { RouteRule } from "../provider.ts";
import { call, freeCall, lookUp, subtrees } from "../route-builders.ts";

/** The Files API has the same five routes as OpenAI's. */
export const ANTHROPIC_ROUTES: readonly RouteRule[] = [
  call("messages", "/v1/messages"),
  freeCall("count_tokens", "/v1/messages/count_tokens"),
  lookUp("models", "/v1/models"),
  lookUp("models", "/v1/models/:model"),
  ...fileRoutes("/v1"),
];

/** Organisation administration, logins, and stores of other credentials. */
export const ANTHROPIC_DENIED: readonly string[] = subtrees(
  "/v1/organizations",
  "/v1/organization",
  "/v1/oauth",
  "/v1/vaults",
  "/v1/service_accounts",
  "/api/oauth",
  "/oauth",
);
