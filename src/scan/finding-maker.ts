import { maskValue, Secret } from "../kernel/index.ts";
import type { Finding } from "./finding.ts";
import type { Origin } from "./origin.ts";
import { severityAt } from "./severity.ts";
import type { Hit } from "./stream-scanner.ts";

const TAKE_OUT = "take it out of this place, and replace it where it was issued";
const UNSTAGE =
  "take it out and stage the file again: it has not left this machine, and need not be replaced";
const KNOWN =
  "the vault holds it: take it out of this place; if others could read it, replace it: ownkey keys replace";
const GROUP_CHARS = 24;

/** Makes findings of hits; equal secrets get equal groups under the key of this run. */
export class FindingMaker {
  readonly #groupKey: Uint8Array;
  readonly #isVirtualKey: (text: string) => boolean;

  constructor(groupKey: Uint8Array, isVirtualKey: (text: string) => boolean = () => true) {
    this.#groupKey = groupKey;
    this.#isVirtualKey = isVirtualKey;
  }

  /** `undefined` for what only looks like a virtual key. */
  make(origin: Origin, hit: Hit): Finding | undefined {
    const { rule, known, line, column, secret, form, endpoint } = hit;
    if (rule?.kind === "marked" && rule.own && !isToolToken(secret) && !this.#isVirtualKey(secret))
      return undefined;
    const isOwnRule = rule?.kind === "marked" && rule.own;
    // One of our virtual keys behind a name that keys have.
    if (!isOwnRule && secret.startsWith("sk-ownkey-") && this.#isVirtualKey(secret)) return undefined;
    const provider = known?.key.provider ?? rule?.provider;
    return {
      type: "finding",
      rule: rule?.id ?? "known-key",
      title: rule?.title ?? `key "${known?.key.name ?? ""}" of the vault`,
      severity: severityAt(rule?.severity ?? "high", origin.readers),
      origin,
      line,
      column,
      masked: known?.masked ?? maskOf(secret),
      form,
      group: this.#groupOf(known ? `known ${known.key.name}` : secret),
      ...(known ? { knownKey: known.key.name } : {}),
      ...(known?.key.fingerprint === undefined ? {} : { fingerprint: known.key.fingerprint }),
      ...(provider === undefined ? {} : { provider }),
      ...(endpoint === undefined ? {} : { endpoint }),
      fix: known
        ? `${KNOWN} ${known.key.name}`
        : origin.kind === "staged"
          ? UNSTAGE
          : (rule?.fix ?? TAKE_OUT),
      ...(secret === "" ? {} : { secret: new Secret(secret) }),
    };
  }

  #groupOf(secret: string): string {
    return new Bun.CryptoHasher("sha256", this.#groupKey).update(secret).digest("hex").slice(0, GROUP_CHARS);
  }
}

/** A secret of several lines, a private key, gives no character away. */
function maskOf(secret: string): string {
  return /^[!-~]+$/.test(secret) && !secret.includes("\\") ? maskValue(secret) : "…";
}

function isToolToken(secret: string): boolean {
  return secret.includes(".");
}
