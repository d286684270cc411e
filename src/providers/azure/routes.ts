import { fileRoutes, openaiDenied, openaiRoutes, responsesRoutes } from "../openai-wire/routes.ts";
import type { RouteRule } from "../provider.ts";
import { BODY_BYTES, call, lookUp, subtrees } from "../route-builders.ts";

const deployment = "/openai/deployments/:deployment";

/** Dated routes: the deployment stands in the path, `api-version` in the query. */
const DATED_ROUTES: readonly RouteRule[] = [
  call("chat", `${deployment}/chat/completions`),
  call("completions", `${deployment}/completions`),
  call("embeddings", `${deployment}/embeddings`),
  call("images", `${deployment}/images/generations`),
  call("images", `${deployment}/images/edits`, BODY_BYTES.media),
  call("audio_speech", `${deployment}/audio/speech`),
  call("audio_transcription", `${deployment}/audio/transcriptions`, BODY_BYTES.media),
  call("audio_transcription", `${deployment}/audio/translations`, BODY_BYTES.media),
  ...responsesRoutes("/openai"),
  lookUp("models", "/openai/models"),
  lookUp("models", "/openai/models/:model"),
  ...fileRoutes("/openai"),
];

/** `/v1/…` is what OpenAI's own client sends; it is carried to `/openai/v1/…`. */
export const AZURE_ROUTES: readonly RouteRule[] = [
  ...openaiRoutes("/v1"),
  ...openaiRoutes("/openai/v1"),
  ...DATED_ROUTES,
];

export const AZURE_DENIED: readonly string[] = [
  ...openaiDenied("/v1"),
  ...openaiDenied("/openai/v1"),
  ...openaiDenied("/openai"),
  ...subtrees("/openai/realtimeapi/sessions", "/openai/v1/realtimeapi", "/subscriptions", "/management"),
];
