import type { ChecklistItem } from "../check.ts";
import type { ConsoleLinks, VerdictName } from "../../providers/index.ts";

/** Something that the doctor looks at by itself when it has the key at hand. */
export interface LookedAt {
  readonly text: string;
  readonly by: "form" | "expiry" | "address" | "reach" | "account" | "history";
}

/** What to know about one verdict, whoever gave it. */
export interface Guide {
  /** The words under which people know the trouble. */
  readonly title: string;
  /** What to look at, in this order: the usual causes. */
  readonly checklist: readonly (string | LookedAt)[];
  readonly next: string;
  /** The provider's page for the next step. */
  readonly page?: keyof ConsoleLinks;
}

export const GUIDES: Readonly<Record<VerdictName, Guide>> = {
  ok: { title: "No trouble", checklist: [], next: "Nothing to do." },
  invalid_key: {
    title: "Invalid API Key",
    checklist: [
      "the whole key was pasted, without spaces, quotes or a line end",
      { text: "it is a key of this provider", by: "form" },
      "it was not deleted or replaced at the provider",
      { text: "it has not expired", by: "expiry" },
      { text: "the base URL is the one of the account or resource that the key belongs to", by: "address" },
      "no other variable or setting wins over the one you look at (ownkey explain TOOL)",
    ],
    next: "Make a new key on the provider's page, then: ownkey keys replace CONNECTION/KEY",
    page: "keys",
  },
  leaked: {
    title: "Key blocked: found in public",
    checklist: ["the provider has seen the key in public and stopped it", "nothing makes it work again"],
    next: "Make a new key, then: ownkey keys replace CONNECTION/KEY; find where it lies open with: ownkey scan --git",
    page: "keys",
  },
  key_kind_disabled: {
    title: "Kind of credential not accepted",
    checklist: [
      "it is an API key for requests, not an admin key and not a login of a subscription",
      "keys are allowed at this account or resource (Azure: disableLocalAuth)",
    ],
    next: "Make a usual API key on the provider's page, then: ownkey keys replace CONNECTION/KEY",
    page: "keys",
  },
  scope_missing: {
    title: "Permission missing",
    checklist: [
      "the key may do what was asked (scopes, roles, restrictions)",
      "its project or workspace may use this model and this API",
      "a change of permissions is some minutes old",
    ],
    next: "Grant the missing permission on the provider's page, or use a key that has it.",
    page: "keys",
  },
  rate_limited: {
    title: "Rate Limited",
    checklist: [
      "the key works: the provider counts requests and tokens per minute",
      "several programs share the limit: ownkey usage --by tool --since 1h",
      "large max_tokens count in full at some providers",
    ],
    next: "Wait and send more slowly, or have the limit raised on the provider's page.",
    page: "limits",
  },
  daily_quota: {
    title: "Quota of the day used up",
    checklist: [
      "the key works; the day's quota of this model is gone",
      "free tiers have small quotas per day",
    ],
    next: "Wait for the provider's reset, use another model, or enable billing.",
    page: "limits",
  },
  quota_exhausted: {
    title: "Insufficient Quota",
    checklist: [
      "it is about money, not speed: trying again does not help",
      "the account has credit and a valid way to pay",
      "no spend limit of organisation, project or workspace is reached",
      "credit of the web chat or a subscription is not credit of the API",
    ],
    next: "Top up or raise the limit on the provider's billing page; it takes effect within minutes.",
    page: "billing",
  },
  overloaded: {
    title: "Provider overloaded",
    checklist: ["the provider has trouble of its own; the key is not the cause"],
    next: "Try again in a moment; look at the provider's status page when it lasts.",
    page: "status",
  },
  model_not_available: {
    title: "Model Not Available",
    checklist: [
      "the model's name is written as the provider writes it: ownkey models",
      "the model is not retired: ownkey models shows dates",
      "the key's project or tier may use it",
      "Azure: the name is the deployment's, and it is older than five minutes",
      "the request went to the provider that has this model",
    ],
    next: "Choose a model of the list: ownkey models",
    page: "limits",
  },
  wrong_endpoint: {
    title: "Wrong address",
    checklist: [
      "the base URL is complete and has its version segment once (/v1, not /v1/v1 and not none)",
      "the tool speaks the wire format of this provider",
      { text: "organisation and project are those of the key", by: "account" },
      "Azure: endpoint, deployment and api-version belong together",
    ],
    next: "Compare with: ownkey connections show CONNECTION; correct with: ownkey connections set CONNECTION --base-url URL",
  },
  region_blocked: {
    title: "Region or network refused",
    checklist: [
      "the key is not the cause: the provider refuses where the request comes from",
      "a VPN, proxy or company network changes where that is",
      "an IP allow-list of the account names this address",
    ],
    next: "Use a network that the provider serves, or change the allow-list on its page.",
  },
  unreachable: {
    title: "Not reachable",
    checklist: [
      "this says nothing about the key",
      "the name is found and something listens there",
      "the certificate is trusted (company proxies bring their own)",
      "no proxy variable leads astray",
    ],
    next: "ownkey doctor looks at names, certificates and proxies of every connection.",
  },
  bad_request: {
    title: "Request refused",
    checklist: [
      "the key is not the cause: the provider does not take the request itself",
      "the tool sends what this model takes (max_tokens, temperature, tools)",
      "input and output fit the model's context",
    ],
    next: "Read what the provider says; change the request or use another model.",
  },
  content_filtered: {
    title: "Content filter",
    checklist: ["the key is not the cause: the provider's filter refused the content"],
    next: "Change the content, or the filter's settings at the provider.",
  },
  unknown: {
    title: "Not known",
    checklist: ["the answer fits no case that Ownkey knows"],
    next: "Look at the provider's own words; ownkey keys test CONNECTION/KEY asks about the key alone.",
  },
};

/** The checklist as somebody is to go through it, without what was looked at already. */
export function openItems(
  { checklist }: Guide,
  looked: ReadonlySet<LookedAt["by"]> = new Set(),
): ChecklistItem[] {
  return checklist.flatMap((item) => {
    if (typeof item === "string") return [{ text: item, state: "open" as const }];
    return looked.has(item.by) ? [] : [{ text: item.text, state: "open" as const }];
  });
}
