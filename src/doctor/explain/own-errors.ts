import type { ErrorCode } from "../../kernel/index.ts";

/** What Ownkey's own refusals mean to somebody who meets them in a tool. */
export interface OwnError {
  readonly title: string;
  readonly cause: string;
  readonly checklist: readonly string[];
  readonly next: string;
}

/** The codes of the data plane (docs/errors.md). */
export const OWN_ERRORS: Partial<Readonly<Record<ErrorCode, OwnError>>> = {
  invalid_virtual_key: {
    title: "Ownkey does not know this virtual key",
    cause:
      "The gateway was reached with no credential of its own: none, a provider's key, or one that has ended.",
    checklist: [
      "the tool sends a virtual key (sk-ownkey-…), not a provider's key",
      "it was not revoked, disabled or replaced: ownkey vk list",
      "it has not expired; a token of ownkey run ends with its program",
      "the tool talks to the Ownkey that issued it",
    ],
    next: "Point the tool at Ownkey anew: ownkey tools connect TOOL; or make a key: ownkey vk create --name NAME",
  },
  not_allowed: {
    title: "Not allowed for this virtual key",
    cause: "The virtual key may not use this model, path, address or region.",
    checklist: ["what it may use: ownkey vk show NAME", "the model's name is spelt as it is allowed"],
    next: "Allow it if it should be: ownkey vk set NAME --models MODEL (or --paths, --connections)",
  },
  ambiguous_connection: {
    title: "Which connection?",
    cause:
      "Several connections could serve the request, and Ownkey does not guess which company gets a prompt.",
    checklist: ["the connections: ownkey connections list"],
    next: "Write the model as CONNECTION/MODEL, use the base URL …/c/CONNECTION/v1, or set a default: ownkey vk set NAME --default-connection CONNECTION",
  },
  no_connection: {
    title: "No connection for this request",
    cause: "No connection speaks the wire format of this request, or the one that was named does not exist.",
    checklist: ["the connections: ownkey connections list", "the tool speaks the format of one of them"],
    next: "Add a key of that provider: ownkey keys add PROVIDER",
  },
  budget_exceeded: {
    title: "Budget used up",
    cause:
      "The request could have cost more than a budget has left, so it was not sent. The provider was not asked.",
    checklist: ["which budget: ownkey budget explain", "max_tokens is not far above what is needed"],
    next: "Wait for the next period or raise the amount: ownkey budget list",
  },
  rate_limited: {
    title: "Rate limit reached",
    cause:
      "A limit set in Ownkey, or one that the provider has told of, is used up; the provider was not asked.",
    checklist: [
      "which limit: the message names it, and so do its details (limit, subject)",
      "the limits set here: ownkey limits list",
      "what the provider has left: ownkey keys show KEY",
    ],
    next: "Wait as long as Retry-After says, or raise the limit: ownkey limits set SUBJECT --rpm N",
  },
  vault_locked: {
    title: "The vault is locked",
    cause: "Ownkey runs and cannot lend a key before its vault is unlocked.",
    checklist: [],
    next: "ownkey unlock",
  },
  storage_full: {
    title: "Disk full",
    cause: "Ownkey cannot record the request on a full disk, and does not forward what it cannot record.",
    checklist: [],
    next: "Free some disk space; it goes on by itself.",
  },
  provider_unreachable: {
    title: "Provider not reachable",
    cause: "Ownkey could not reach the provider; this says nothing about the key.",
    checklist: ["names, certificates and proxies: ownkey doctor"],
    next: "ownkey doctor",
  },
  unknown_host: {
    title: "Unknown host name",
    cause:
      "The gateway was called by a name that it does not answer to: a protection against pages of others.",
    checklist: ["localhost and 127.0.0.1 always work"],
    next: "Allow the name: ownkey config set allowHosts NAME, then start anew",
  },
  ambiguous_body: {
    title: "Ambiguous request",
    cause:
      "The request names a governed field twice or in two spellings, so that two readers could disagree.",
    checklist: [],
    next: "Send each field once; report the tool that does this.",
  },
  bad_path: {
    title: "Path not accepted",
    cause: "The path could be read in two ways: doubled slashes, encoded slashes or dots.",
    checklist: ["the base URL has no slash at its end and its version once"],
    next: "Correct the base URL in the tool.",
  },
  too_large: {
    title: "Request too large",
    cause: "The request is larger than this route carries.",
    checklist: [],
    next: "Send less at once.",
  },
  overloaded: {
    title: "Too many large requests at once",
    cause: "The bodies of requests under way take all the memory that the gateway keeps for them.",
    checklist: ["how much is in use: ownkey_gateway_body_bytes in /metrics"],
    next: "Try again shortly, as official SDKs do by themselves; or raise the bound: ownkey config set bodyMemoryMb N",
  },
  restore_unconfirmed: {
    title: "Restored home not confirmed",
    cause:
      "This home came out of a backup; virtual keys revoked since may be valid again, so none is accepted yet.",
    checklist: ["the virtual keys: ownkey vk list"],
    next: "ownkey backup confirm",
  },
  control_stale: {
    title: "Control store out of sight",
    cause: "The gateway cannot see the control store, so it might miss a revocation and serves nobody.",
    checklist: [],
    next: "See that the database can be reached; it serves again by itself.",
  },
  budget_unavailable: {
    title: "Budget cannot be checked",
    cause: "A budget applies and its state cannot be known right now, so nothing is spent.",
    checklist: [],
    next: "Try again; when it lasts: ownkey doctor",
  },
};
