/** Ends something that was started. */
export type Close = () => void | Promise<void>;

/** What was opened, to be closed in reverse: one piece that fails to close does not keep the others open. */
export class Closing {
  #pieces: Close[] = [];

  /** To be called right after the piece was opened. */
  add(close: Close): void {
    this.#pieces.push(close);
  }

  /** Closes everything once; a second call finds nothing left. @throws the first failure, after all were tried. */
  async close(): Promise<void> {
    const pieces = this.#pieces.reverse();
    this.#pieces = [];
    const failures: unknown[] = [];
    for (const close of pieces) {
      try {
        await close();
      } catch (error) {
        failures.push(error);
      }
    }
    if (failures.length > 0) throw failures[0];
  }

  /** Closes after `cause` has made a start fail; that is what the caller is told, whatever fails now. */
  async closeAfter(cause: unknown): Promise<never> {
    await this.close().catch(() => {});
    throw cause;
  }
}
