import { findProvider } from "@pydantic/genai-prices";
import type { PriceSnapshot } from "./price-data.ts";

/** Pinned in package.json; the package does not tell its version at run time. */
const PACKAGE_VERSION = "0.1.8";

/** Lists that some provider or preset of Ownkey is priced by. */
const LIST_IDS = [
  "openai",
  "anthropic",
  "azure",
  "google",
  "groq",
  "openrouter",
  "mistral",
  "deepseek",
  "x-ai",
  "moonshotai",
];

/** The price data that comes with Ownkey. Only the package's data is used, none of its arithmetic or matching. */
export function bundledPrices(): PriceSnapshot {
  return {
    version: `genai-prices ${PACKAGE_VERSION}`,
    source: `the package @pydantic/genai-prices ${PACKAGE_VERSION}`,
    lists: LIST_IDS.flatMap((providerId) => {
      const provider = findProvider({ providerId });
      return provider ? [{ id: provider.id, models: provider.models }] : [];
    }),
  };
}
