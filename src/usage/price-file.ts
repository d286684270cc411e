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
