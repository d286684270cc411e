import type { KeyFormat } from "../provider.ts";

/** `oat` and `ort` belong to subscription logins: they are no API keys and may not be lent. */
export const ANTHROPIC_KEY_FORMATS: readonly KeyFormat[] = [
  {
    id: "anthropic-api",
    kind: "inference",
    prefix: "sk-ant-api",
    pattern: /^sk-ant-api\d\d-[A-Za-z0-9_-]{20,300}$/,
    title: "Anthropic API key",
  },
  {
    id: "anthropic-admin",
    kind: "admin",
    prefix: "sk-ant-admin",
    pattern: /^sk-ant-admin\d\d-[A-Za-z0-9_-]{20,300}$/,
    title: "Anthropic admin key",
  },
  {
    id: "anthropic-enterprise-admin",
    kind: "admin",
    prefix: "sk-ant-api01-",
    pattern: /^sk-ant-api01-[A-Za-z0-9_-]{20,300}$/,
    title: "Claude Enterprise admin key",
  },
  {
    id: "anthropic-oauth-access",
    kind: "oauth",
    prefix: "sk-ant-oat",
    pattern: /^sk-ant-oat\d\d-[A-Za-z0-9_-]{20,300}$/,
    title: "Claude subscription login",
  },
  {
    id: "anthropic-oauth-refresh",
    kind: "oauth",
    prefix: "sk-ant-ort",
    pattern: /^sk-ant-ort\d\d-[A-Za-z0-9_-]{20,300}$/,
    title: "Claude subscription refresh token",
  },
];
