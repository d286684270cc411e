import type { RouteRule } from "../provider.ts";
import { BODY_BYTES, call, drop, freeCall, lookUp, subtrees } from "../route-builders.ts";

/**
 * Inference routes of the OpenAI dialect below a version segment: `/v1`, `/openai/v1`. OpenAI itself judges texts for
 * nothing; others may charge for it.
 */
export function openaiRoutes(base: string, { judgesFree = true } = {}): RouteRule[] {
  return [
    call("chat", `${base}/chat/completions`),
    ...responsesRoutes(base),
    call("completions", `${base}/completions`),
    call("embeddings", `${base}/embeddings`),
    judgesFree ? freeCall("moderations", `${base}/moderations`) : call("moderations", `${base}/moderations`),
    call("images", `${base}/images/generations`),
    call("images", `${base}/images/edits`, BODY_BYTES.media),
    call("images", `${base}/images/variations`, BODY_BYTES.media),
    call("audio_speech", `${base}/audio/speech`),
    call("audio_transcription", `${base}/audio/transcriptions`, BODY_BYTES.media),
    call("audio_transcription", `${base}/audio/translations`, BODY_BYTES.media),
    lookUp("models", `${base}/models`),
    lookUp("models", `${base}/models/:model*`),
    ...fileRoutes(base),
  ];
}

/**
 * Creating, and living with what was created. Looking up a stored response repeats its usage, so those routes are
 * not metered again.
 */
export function responsesRoutes(base: string): RouteRule[] {
  return [
    { ...call("responses", `${base}/responses`), stores: "response" },
    freeCall("count_tokens", `${base}/responses/input_tokens`),
    call("responses", `${base}/responses/compact`),
    lookUp("other", `${base}/responses/:response`, "response"),
    drop("other", `${base}/responses/:response`, "response"),
    {
      ...freeCall("other", `${base}/responses/:response/cancel`, BODY_BYTES.control),
      stores: "response",
    },
    lookUp("other", `${base}/responses/:response/input_items`, "response"),
  ];
}

export function fileRoutes(base: string): RouteRule[] {
  return [
    { ...freeCall("files", `${base}/files`, BODY_BYTES.file), stores: "file" },
    lookUp("files", `${base}/files`, "file"),
    lookUp("files", `${base}/files/:file`, "file"),
    drop("files", `${base}/files/:file`, "file"),
    lookUp("files", `${base}/files/:file/content`, "file"),
  ];
}

/** Routes that mint credentials or administer, below a version segment. */
export function openaiDenied(base: string): string[] {
  return [
    `${base}/realtime/client_secrets`,
    ...subtrees(
      `${base}/realtime/sessions`,
      `${base}/realtime/transcription_sessions`,
      `${base}/realtime/translations/client_secrets`,
      `${base}/organization`,
      `${base}/organizations`,
      `${base}/projects`,
      `${base}/dashboard`,
      `${base}/chatkit/sessions`,
      `${base}/oauth`,
      `${base}/webhooks`,
    ),
    `${base}/fine_tuning/checkpoints/:checkpoint/permissions`,
    `${base}/fine_tuning/checkpoints/:checkpoint/permissions/:rest*`,
  ];
}
