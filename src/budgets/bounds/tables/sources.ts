import type { Source } from "../source.ts";

/** What the rows of the tables were taken from. */
export const OPENAI_SPEC: Source = {
  text: "OpenAI API specification 2.3.0 (github.com/openai/openai-openapi), openai 7.57.0",
  date: "2026-08-21",
};
export const ANTHROPIC_SDK: Source = {
  text: "@anthropic-ai/sdk 1.12.0, resources/messages; https://platform.claude.com/docs/en/api/messages",
  date: "2026-11-28",
};
export const GENAI_SDK: Source = {
  text: "@google/genai 3.1.0; https://ai.google.dev/api/generate-content",
  date: "2026-11-28",
};
export const COMPATIBLE: Source = {
  text: "API references of Groq, Mistral and DeepSeek: members that steer and cost nothing",
  date: "2026-11-28",
};

/** The opaque text of earlier reasoning is taken to hold no more tokens than it has characters. */
export const OPAQUE: Source = {
  text: "nobody but the provider can read it; it grows with the reasoning that it stands for",
  date: "2026-11-28",
  assumption: true,
};

/** Google's pages do not say it. */
export const GEMINI_LIMIT: Source = {
  text: "measured on Gemini 2.5, 3 and 3.1: thoughts and answer together keep to it (github.com/googleapis/python-genai/issues/2062)",
  date: "2026-11-28",
  assumption: true,
};
