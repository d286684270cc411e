import type { CliContext } from "./context.ts";
import { printable } from "./output.ts";

const CLEAR_LINE = "\r\u001b[K";

/** One line on the terminal that is written over; nothing where nobody watches. */
export class ProgressLine {
  readonly #context: Pick<CliContext, "interactive" | "stderr">;
  #shown = false;

  constructor(context: Pick<CliContext, "interactive" | "stderr">) {
    this.#context = context;
  }

  show(text: string): void {
    if (!this.#context.interactive) return;
    this.#shown = true;
    this.#context.stderr.write(`${CLEAR_LINE}${printable(text)}`);
  }

  clear(): void {
    if (this.#shown) this.#context.stderr.write(CLEAR_LINE);
    this.#shown = false;
  }
}
