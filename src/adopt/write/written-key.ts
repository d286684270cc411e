import type { ConnectionSettings, Provider } from "../../providers/index.ts";

/** A key, or what stands for it, as a file of one of the formats is to have it. */
export interface WrittenKey {
  readonly provider: Provider;
  /** `connection/name`, for people. */
  readonly label: string;
  /** A reference, a virtual key, or the key itself. Written as it is. */
  readonly value: string;
  readonly settings: ConnectionSettings;
  /** It stands for the key, and whoever resolves it knows the address as well: nothing is written beside it. */
  readonly isReference?: boolean;
  /** For a virtual key: the address of its connection at the gateway, without a version. */
  readonly gateway?: string;
}

export interface WrittenText {
  readonly text: string;
  /** What could not be written, and why. */
  readonly notes: readonly string[];
}

/** The address to be written; `undefined` where the provider's own goes without saying. */
export function addressOf({ provider, settings, gateway }: WrittenKey): string | undefined {
  if (gateway !== undefined) return gateway;
  return settings.baseUrl === provider.defaultBaseUrl ? undefined : settings.baseUrl;
}
