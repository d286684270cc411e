export interface ImageSize {
  readonly width: number;
  readonly height: number;
}

/** Reads a picture's size from the beginning of its file; `undefined` when that does not tell it. */
export type SizeReader = (bytes: Uint8Array) => ImageSize | undefined;
