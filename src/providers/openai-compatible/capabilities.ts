import type { Capabilities } from "../provider.ts";

/** No management API that Ownkey could use. */
export const UNMANAGED: Capabilities = {
  createKey: false,
  disableKey: false,
  deleteKey: false,
  listKeyHints: false,
  keySlots: 0,
  expiringKeys: false,
  usagePerKey: false,
  costPerKey: false,
  hardLimit: false,
};

/** OpenRouter and xAI: keys are made, switched off and limited by a management key. */
export const MANAGED: Capabilities = {
  ...UNMANAGED,
  createKey: true,
  disableKey: true,
  deleteKey: true,
  listKeyHints: true,
  expiringKeys: true,
};
