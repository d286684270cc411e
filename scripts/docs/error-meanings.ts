import type { ErrorCode } from "../../src/kernel/index.ts";
import type { VerdictName } from "../../src/providers/index.ts";

export interface Meaning {
  readonly means: string;
  readonly remedy: string;
}

/** What the message and hint of an error say for one case, said here for the code. A code without a row is a type error. */
export const ERROR_MEANINGS: Readonly<Record<ErrorCode, Meaning>> = {
  usage: {
    means: "The command line cannot be carried out as it stands.",
    remedy: "Add `--help` to the command.",
  },
  invalid_input: {
    means: "A value has the wrong form or is out of bounds; the message names it.",
    remedy: "Correct the value. Nothing was changed.",
  },
  secret_in_argument: {
    means: "Something shaped like a credential was given as an argument, where other processes can read it.",
    remedy:
      "Use the prompt, `--stdin` or `--from-env`. Remove the line from the history and replace that key.",
  },
  not_found: {
    means: "There is nothing of that name or id, or it belongs to another virtual key.",
    remedy: "List what there is: `ownkey keys list`, `ownkey vk list`.",
  },
  already_exists: {
    means: "The name is taken.",
    remedy: "Choose another name; for a new value of the same key: `ownkey keys replace REF`.",
  },
  ambiguous_name: { means: "The name fits several records.", remedy: "Give `connection/name` or the id." },
  conflict: {
    means: "The state of the record, or of another process, does not allow it.",
    remedy: "The hint names what has to be done first.",
  },
  denied: {
    means: "The caller may not do this. The denial stands in the audit log.",
    remedy: "Let the owner of the home do it at the command line.",
  },
  unauthenticated: {
    means: "The control port takes no operation.",
    remedy: "Use the `ownkey` command on the same machine.",
  },
  confirmation_needed: {
    means: "It would replace or change much, and nobody has said yes.",
    remedy: "Look at what the message lists, then give the option it names.",
  },
  cancelled: {
    means: "Somebody said no, or the caller went away.",
    remedy: "Nothing to do; nothing was changed.",
  },
  insecure_permissions: {
    means: "A file or folder of the home can be read or written by others, or belongs to somebody else.",
    remedy: "Run the command in the hint.",
  },
  newer_format: { means: "It was written by a newer Ownkey.", remedy: "Update this installation." },
  corrupt: {
    means: "Bytes were changed or lost: a MAC, a tag or a checksum does not hold.",
    remedy: "Restore a backup: `ownkey backup restore FILE`.",
  },
  damaged_file: {
    means:
      "A file of a tool has errors, so that Ownkey cannot change it without a risk. It was left as it is.",
    remedy: "Mend it in an editor that shows the errors, then try again.",
  },
  rolled_back: {
    means: "The database is older than what this home has seen, or a row was put back.",
    remedy: "Restore a newer backup; or accept it knowingly: `ownkey up --accept-epoch N`.",
  },
  store_unavailable: {
    means: "The database or a file cannot be used now: busy, unreachable, closed.",
    remedy: "Try again; then see what holds it.",
  },
  storage_full: {
    means: "The disk is full. A request that cannot be recorded is not forwarded.",
    remedy: "Free some space. Revoke, disable and lock still work from a reserve.",
  },
  address_in_use: {
    means: "Another program, or the Ownkey of another home, listens on that port.",
    remedy: "Stop it, or choose another port: `--port`, `--ui-port`.",
  },
  not_running: {
    means: "No Ownkey runs on this home, or it is stopping.",
    remedy: "`ownkey up --detach`.",
  },
  time_limit: {
    means: "The provider did not answer in time.",
    remedy: "Try again; the limit is the setting `silenceSeconds`.",
  },
  unsupported: {
    means: "This system, route or form of a request is not supported.",
    remedy: "The hint names the form that is.",
  },
  internal: {
    means: "A defect in Ownkey.",
    remedy: "Run again with `OWNKEY_LOG=debug`, look at the log, and report it.",
  },
  vault_locked: { means: "The vault is locked.", remedy: "`ownkey unlock`." },
  no_usable_slot: {
    means: "Nothing that unlocks the vault without a person is at hand: no keychain item, no key file.",
    remedy: "Put the key file back, or `ownkey unlock` with passphrase or recovery code.",
  },
  wrong_passphrase: {
    means: "The passphrase, recovery code or identity does not open it.",
    remedy: "Type it again, or use another slot.",
  },
  key_refused: {
    means: "The value is no such key, or the provider says that it is not valid. Nothing was stored.",
    remedy: "The message holds the provider's words. `--keep` stores it all the same.",
  },
  destination_refused: {
    means: "A key was to go to an origin that it is not bound to.",
    remedy: "Add the key anew with the new address, or `ownkey keys replace REF`.",
  },
  invalid_virtual_key: {
    means:
      "No valid virtual key, or two different ones. The answer is the same for unknown, revoked and expired.",
    remedy: "`ownkey vk list`; the audit log tells the reason.",
  },
  not_allowed: {
    means: "The virtual key may not use this model, path, address or region; `details.what` says which.",
    remedy: "`ownkey vk show NAME`, `ownkey vk set NAME …`.",
  },
  ambiguous_connection: {
    means: "Several connections could take the request.",
    remedy: "Name one: `/c/NAME/v1/…`, `NAME/model`, or a default connection on the virtual key.",
  },
  no_connection: {
    means: "No connection fits, or it has no key in use.",
    remedy: "`ownkey connections list`, `ownkey keys add PROVIDER`.",
  },
  ambiguous_body: {
    means: "A member that rules look at stands twice in the body.",
    remedy: "Send it once.",
  },
  bad_path: {
    means: "The path could be read in two ways: dots, encoded separators, empty segments.",
    remedy: "Write it as the provider's reference does.",
  },
  budget_exceeded: {
    means: "The request could cost more than a budget has left. Nothing was sent.",
    remedy: "Wait until the budget begins anew, ask for less output, or raise the budget.",
  },
  not_boundable: {
    means:
      "A hard budget covers the request, and one of its fields can cost more than can be known beforehand.",
    remedy: "Leave the field out, or allow it by name in the budget.",
  },
  rate_limited: {
    means: "A rate limit is used up, ours or the provider's own for that key; the message names it.",
    remedy: "Try again after the seconds in `Retry-After`; `ownkey limits list`.",
  },
  too_large: {
    means: "A body, file or input is larger than the limit in the message.",
    remedy: "Send less at once, or upload a file first and refer to it.",
  },
  unknown_host: {
    means: "The `Host` header does not name this gateway.",
    remedy: "Use the URL that `ownkey up` prints, or `--allow-host NAME`.",
  },
  provider_unreachable: {
    means: "The provider could not be reached, broke off, or answered with a redirect.",
    remedy: "`ownkey keys test REF`; check the network and the base URL.",
  },
  overloaded: {
    means:
      "The request bodies under way take as much memory as the gateway may use for them (`bodyMemoryMb`).",
    remedy: "Try again after the seconds in `Retry-After`.",
  },
  budget_unavailable: {
    means: "The store that keeps the budgets cannot be reached, and what the gateway holds is not enough.",
    remedy: "Try again in a moment; it serves again by itself once the store answers.",
  },
  restore_unconfirmed: {
    means: "The home came out of a backup and nobody has confirmed it: virtual keys are suspended.",
    remedy: "`ownkey vk list`, then `ownkey backup confirm`.",
  },
  control_stale: {
    means: "The gateway has lost sight of the control store for 15 seconds; it might miss a revocation.",
    remedy: "It serves again by itself once the store answers.",
  },
};

/** What an answer of a provider says about a key, for all providers. The test call's own words are more exact. */
export const VERDICT_MEANINGS: Readonly<Record<VerdictName, string>> = {
  ok: "The provider accepts the key.",
  unreachable: "Nobody answered. It says nothing about the key.",
  region_blocked: "The provider does not serve this place.",
  quota_exhausted: "The key is good; its credit or quota is used up.",
  daily_quota: "The key is good; the quota of the day is used up.",
  overloaded: "The provider is overloaded.",
  rate_limited: "The key is good; there were too many requests.",
  leaked: "The provider reports the key as leaked and has blocked it. Replace it.",
  key_kind_disabled: "Keys of this kind, or this key, are switched off at the provider.",
  scope_missing: "The key is good but lacks the right for this call.",
  model_not_available: "The key is good; the model is not there for it.",
  wrong_endpoint: "The address, path or version is not one that the provider has.",
  invalid_key: "The provider does not know the key.",
  bad_request: "The provider could not read the request. It says nothing about the key.",
  content_filtered: "The provider refused the content.",
  unknown: "The answer fits no rule; its text is shown.",
};
