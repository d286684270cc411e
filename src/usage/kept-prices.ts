// What checks price data brings a schema library along: it is loaded where there is data to check, not with the program.
import type { PriceSnapshot } from "./price-data.ts";
import type { PriceFile, RefreshOptions } from "./price-file.ts";

/** The kept data, if there is some and it is sound; else what came with Ownkey. */
export async function loadPrices(
  file: PriceFile,
  bundled: PriceSnapshot,
  onUnsound: (error: unknown) => void,
): Promise<PriceSnapshot> {
  const text = file.read();
  if (text === undefined) return bundled;
  const { readKeptPrices } = await import("./price-refresh.ts");
  try {
    return readKeptPrices(text);
  } catch (error) {
    onUnsound(error);
    return bundled;
  }
}

/** See price-refresh.ts. */
export async function refreshPrices(options: RefreshOptions): Promise<PriceSnapshot> {
  return (await import("./price-refresh.ts")).refreshPrices(options);
}
