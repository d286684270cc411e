import type { KeyTester } from "../connections/index.ts";
import { normaliseSettings } from "../providers/index.ts";
import type { KeyCheck } from "../scan/index.ts";

/** The test call that keys go through before they are stored, for keys that a scan has found. */
export function checkWith(keyTester: KeyTester): KeyCheck {
  return async ({ provider, baseUrl, secret }) => {
    const { settings } = normaliseSettings(provider, { baseUrl });
    return await keyTester.test({ provider, settings, value: secret });
  };
}
