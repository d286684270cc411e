import type { KeyFormat } from "../provider.ts";

/**
 * Azure keys have no prefix, and other Azure services use the same shapes: recognised for scanning only. The
 * endpoint, not the key, says that it is Azure.
 */
export const AZURE_KEY_FORMATS: readonly KeyFormat[] = [
  {
    id: "azure-marked",
    kind: "inference",
    prefix: "",
    pattern: /^[A-Za-z0-9]{52}JQQJ99[A-Za-z0-9]{26}$/,
    title: "Azure AI key of 84 characters",
  },
  {
    id: "azure-hex",
    kind: "inference",
    prefix: "",
    pattern: /^[0-9a-f]{32}$/,
    title: "Azure AI key of 32 hex digits",
  },
];
