// What checks price data brings a schema library along: it is loaded where there is data to check, not with the program.
import type { PriceSnapshot } from "./price-data.ts";

/** Where newer price data is kept; the composition root gives it a file. */
export interface PriceFile {
  /** `undefined` when there is none. */
  read(): string | undefined;
  /** Keeps what was there before as the previous snapshot. */
  write(text: string): void;
}

export interface RefreshOptions {
  /** The data as JSON text, in the form of genai-prices' `prices/new_data/v2/data.json`. */
  readonly text: string;
  readonly source: string;
  readonly current: PriceSnapshot;
  readonly file: PriceFile;
  /** Prices that change more than tenfold are taken only when this is true. */
  readonly acceptChanges: boolean;
}

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
