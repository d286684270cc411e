import type { CliContext } from "./context.ts";
import { printable } from "./output.ts";

export interface ScanProgressDocument {
  readonly path: string;
  readonly streams: number;
  readonly sizeBytes: number;
  readonly findings: number;
}

const EVERY_MS = 120;
const AFTER_MS = 400;
const LONGEST_PATH = 60;
const CLEAR_LINE = "\r\u001b[K";

/** One line on the terminal that is written over; short scans show none. */
export class ScanProgressLine {
  readonly #context: Pick<CliContext, "interactive" | "stderr">;
  readonly #now: () => number;
  readonly #started: number;
  #last: number | undefined;

  constructor(
    context: Pick<CliContext, "interactive" | "stderr">,
    now: () => number = () => performance.now(),
  ) {
    this.#context = context;
    this.#now = now;
    this.#started = now();
  }

  show({ path, streams, sizeBytes, findings }: ScanProgressDocument): void {
    if (!this.#context.interactive) return;
    const now = this.#now();
    if (now - (this.#last ?? this.#started) < (this.#last === undefined ? AFTER_MS : EVERY_MS)) return;
    this.#last = now;
    const place = path.length > LONGEST_PATH ? `…${path.slice(1 - LONGEST_PATH)}` : path;
    const text = `${streams} looked at, ${(sizeBytes / 1e6).toFixed(0)} MB, ${findings} found  ${printable(place)}`;
    this.#context.stderr.write(`${CLEAR_LINE}${text}`);
  }

  clear(): void {
    if (this.#last !== undefined) this.#context.stderr.write(CLEAR_LINE);
  }
}
