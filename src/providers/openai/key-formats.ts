import type { KeyFormat } from "../provider.ts";

/** Shapes seen so far; OpenAI changes lengths without notice, so only the prefix tells anything. */
export const OPENAI_KEY_FORMATS: readonly KeyFormat[] = [
  {
    id: "openai-project",
    kind: "inference",
    prefix: "sk-proj-",
    pattern: /^sk-proj-[A-Za-z0-9_-]{20,300}$/,
    title: "OpenAI project key",
  },
  {
    id: "openai-service-account",
    kind: "inference",
    prefix: "sk-svcacct-",
    pattern: /^sk-svcacct-[A-Za-z0-9_-]{20,300}$/,
    title: "OpenAI service-account key",
  },
  {
    id: "openai-admin",
    kind: "admin",
    prefix: "sk-admin-",
    pattern: /^sk-admin-[A-Za-z0-9_-]{20,300}$/,
    title: "OpenAI admin key",
  },
  {
    id: "openai-legacy",
    kind: "inference",
    prefix: "sk-",
    pattern: /^sk-[A-Za-z0-9]{20}T3BlbkFJ[A-Za-z0-9]{20}$/,
    title: "OpenAI user key",
  },
];
