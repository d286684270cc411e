import type { findProvider } from "@pydantic/genai-prices";
import type { PriceList, PriceSnapshot } from "./price-data.ts";

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

/**
 * The price data that comes with Ownkey. Only the package's data is used, none of its arithmetic or matching. Its
 * lists are loaded when they are first read: most commands never ask for a price, and it is 830 kB of code.
 */
export function bundledPrices(): PriceSnapshot {
  let lists: readonly PriceList[] | undefined;
  return {
    version: `genai-prices ${PACKAGE_VERSION}`,
    source: `the package @pydantic/genai-prices ${PACKAGE_VERSION}`,
    get lists() {
      return (lists ??= loadLists());
    },
  };
}

function loadLists(): PriceList[] {
  // Not `import()`: prices are asked for where nobody can wait.
  const prices = require("@pydantic/genai-prices") as { findProvider: typeof findProvider };
  return LIST_IDS.flatMap((providerId) => {
    const provider = prices.findProvider({ providerId });
    return provider ? [{ id: provider.id, models: provider.models }] : [];
  });
}
