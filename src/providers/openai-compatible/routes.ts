import { openaiDenied } from "../openai-wire/routes.ts";
import { subtrees } from "../route-builders.ts";

/** Key management and account routes of compatible providers, with and without the version segment. */
const ACCOUNT_PATHS = [
  "/keys",
  "/key",
  "/credits",
  "/auth",
  "/api-key",
  "/api-keys",
  "/workspaces",
  "/organization",
  "/organizations",
  "/oauth",
  "/token",
  "/tokens",
  "/user",
  "/users",
  "/team",
  "/admin",
  "/provisioning",
  "/management",
  "/guardrails",
  "/activity",
];

export const COMPATIBLE_DENIED: readonly string[] = [
  ...openaiDenied("/v1"),
  ...ACCOUNT_PATHS.flatMap((path) => subtrees(path, `/v1${path}`)),
  // Ollama and LM Studio: pulling, deleting and pushing models is administration.
  ...subtrees("/api/pull", "/api/push", "/api/delete", "/api/create", "/api/copy", "/api/blobs"),
];
