import type { RouteRule } from "../provider.ts";
import { BODY_BYTES, call, drop, freeCall, lookUp, subtrees } from "../route-builders.ts";

function geminiRoutes(base: string): RouteRule[] {
  return [
    call("generate", `${base}/models/:model:generateContent`),
    call("generate", `${base}/models/:model:streamGenerateContent`),
    call("generate", `${base}/tunedModels/:model:generateContent`),
    call("generate", `${base}/tunedModels/:model:streamGenerateContent`),
    freeCall("count_tokens", `${base}/models/:model:countTokens`),
    call("embeddings", `${base}/models/:model:embedContent`),
    call("embeddings", `${base}/models/:model:batchEmbedContents`),
    call("images", `${base}/models/:model:predict`),
    lookUp("models", `${base}/models`),
    lookUp("models", `${base}/models/:model`),
    { ...freeCall("files", `/upload${base}/files`, BODY_BYTES.file), stores: "file" },
    { ...freeCall("files", `${base}/files`, BODY_BYTES.control), stores: "file" },
    lookUp("files", `${base}/files`, "file"),
    lookUp("files", `${base}/files/:file`, "file"),
    drop("files", `${base}/files/:file`, "file"),
  ];
}

/** Google's OpenAI-compatible routes. `/v1/chat/completions` and its like, which Gemini itself has not, lead there. */
function compatibleRoutes(base: string): RouteRule[] {
  return [
    call("chat", `${base}/chat/completions`),
    call("embeddings", `${base}/embeddings`),
    call("images", `${base}/images/generations`),
  ];
}

export const GOOGLE_ROUTES: readonly RouteRule[] = [
  ...geminiRoutes("/v1beta"),
  ...geminiRoutes("/v1"),
  ...compatibleRoutes("/v1beta/openai"),
  ...compatibleRoutes("/v1"),
  lookUp("models", "/v1beta/openai/models"),
  lookUp("models", "/v1beta/openai/models/:model*"),
];

const versions = ["/v1beta", "/v1", "/v1alpha", "/v2"];

/** Ephemeral tokens, sharing, and Google's key and project management. */
export const GOOGLE_DENIED: readonly string[] = [
  ...versions.flatMap((version) => [
    ...subtrees(
      `${version}/authTokens`,
      `${version}/auth_tokens`,
      `${version}/projects`,
      `${version}/keys`,
      `${version}/tunedModels/:model/permissions`,
      `${version}/corpora/:corpus/permissions`,
    ),
    `${version}/authTokens:create`,
    `${version}/tunedModels/:model:transferOwnership`,
  ]),
  ...subtrees("/token", "/oauth2"),
];
