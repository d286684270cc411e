import type { WireStyle } from "../wire.ts";

/** What SDKs send whose base URL ends in the version: `…/v1`. */
export const CHAT: WireStyle = { wire: "chat", path: "/chat/completions", credential: "bearer" };
export const RESPONSES: WireStyle = { wire: "responses", path: "/responses", credential: "bearer" };
/** Vercel's SDK for Anthropic; Anthropic's own brings the version itself. */
export const MESSAGES_UNDER_VERSION: WireStyle = {
  wire: "messages",
  path: "/messages",
  credential: "x-api-key",
};
export const GEMINI_UNDER_VERSION: WireStyle = {
  wire: "gemini",
  path: "/models/{model}:generateContent",
  credential: "x-goog-api-key",
};
/** What Google's own SDK sends to a base URL without version. */
export const GEMINI: WireStyle = { ...GEMINI_UNDER_VERSION, path: "/v1beta/models/{model}:generateContent" };
export const MESSAGES: WireStyle = { ...MESSAGES_UNDER_VERSION, path: "/v1/messages" };

/** The version that a base URL ends in, for tools that want it there. */
export function versionOf({ wire }: WireStyle): "/v1" | "/v1beta" {
  return wire === "gemini" ? "/v1beta" : "/v1";
}
