let turn: Promise<void> | undefined;

/**
 * Resolves when the event loop has read all that is there to be read, for everyone who waits: requests, or answers, that
 * came in together go on together. Each step of the way is then taken by one after the other of them, while the code and
 * the tables that it needs are still in the processor's caches; one request alone waits for one turn without work.
 */
export function together(): Promise<void> {
  turn ??= new Promise((resolve) => {
    setImmediate(() => {
      turn = undefined;
      resolve();
    });
  });
  return turn;
}
