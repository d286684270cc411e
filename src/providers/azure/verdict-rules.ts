import type { VerdictRule } from "../verdict-rules.ts";

/** Azure's answers in the order of diagnosis. Codes are words or numbers written as text. */
export const AZURE_RULES: readonly VerdictRule[] = [
  {
    verdict: "region_blocked",
    status: 403,
    text: /public access is disabled|virtual network|firewall|private endpoint|access control list/i,
    explanation:
      "The resource's network rules refuse this address. The key is not the trouble: allow the network.",
  },
  {
    verdict: "quota_exhausted",
    status: 403,
    text: /subscription (?:is|has been|was) (?:disabled|suspended)|(?:disabled|suspended) subscription/i,
    explanation: "The Azure subscription is disabled, mostly for billing. Enable it in the portal.",
    link: "billing",
  },
  { verdict: "quota_exhausted", words: ["insufficient_quota"], link: "billing" },
  {
    verdict: "overloaded",
    status: 429,
    text: /experiencing high demand|no capacity|exceeded capacity/i,
    link: "status",
  },
  { verdict: "overloaded", status: [500, 503], link: "status" },
  { verdict: "content_filtered", words: ["content_filter", "ResponsibleAIPolicyViolation"] },
  {
    verdict: "rate_limited",
    status: 429,
    text: /exceeded (?:the )?(?:token|call)s? rate limit/i,
    explanation:
      "The deployment's quota per minute is used up. The key works: wait, or raise the quota of the deployment.",
    link: "limits",
  },
  { verdict: "rate_limited", status: 429, link: "limits" },
  {
    verdict: "key_kind_disabled",
    words: ["AuthenticationTypeDisabled"],
    explanation:
      "Keys are switched off for this resource (disableLocalAuth). Only Entra identities may call it.",
  },
  {
    verdict: "key_kind_disabled",
    status: [401, 403],
    text: /key[- ]based authentication is disabled/i,
    explanation:
      "Keys are switched off for this resource (disableLocalAuth). Only Entra identities may call it.",
  },
  {
    verdict: "key_kind_disabled",
    status: 403,
    text: /temporarily blocked/i,
    explanation: "Azure has blocked the resource for suspected abuse. Contact Azure support.",
  },
  {
    verdict: "scope_missing",
    words: ["PermissionDenied"],
    explanation:
      "The identity lacks a role such as Cognitive Services OpenAI User. After a change wait a few minutes.",
  },
  { verdict: "scope_missing", status: [401, 403], text: /lacks the required data action/i },
  {
    verdict: "model_not_available",
    words: ["DeploymentNotFound", "model_not_found", "unknown_model"],
    explanation:
      "The resource has no such deployment, or it is younger than five minutes. Azure wants the deployment's name, not the model's.",
    link: "keys",
  },
  {
    verdict: "wrong_endpoint",
    status: 404,
    explanation: "The resource answers, but not at this path: check endpoint and api-version.",
  },
  {
    verdict: "wrong_endpoint",
    status: 401,
    text: /audience is incorrect|tenant|issuer/i,
    explanation: "The token is for another scope or tenant than this resource.",
  },
  {
    verdict: "invalid_key",
    status: 401,
    explanation:
      "The key is wrong, or it belongs to another resource or region than this endpoint: Azure says the same for both.",
    link: "keys",
  },
  { verdict: "scope_missing", status: 403 },
];
