/** How far a long work has come. A phase ends with `doneBytes === totalBytes`. */
export interface Progress {
  readonly phase: "snapshot" | "write" | "verify" | "unpack" | "check";
  readonly doneBytes: number;
  readonly totalBytes: number;
}

export type OnProgress = (progress: Progress) => void;

/** Counts the bytes of one phase. */
export function progressOf(
  phase: Progress["phase"],
  totalBytes: number,
  onProgress: OnProgress = () => {},
): (sizeBytes: number) => void {
  let doneBytes = 0;
  return (sizeBytes) => {
    // Headers and padding are not counted in the total.
    doneBytes = Math.min(doneBytes + sizeBytes, totalBytes);
    onProgress({ phase, doneBytes, totalBytes });
  };
}
