export interface StopSignal {
  /** Resolves once a stop is asked for. */
  readonly asked: Promise<void>;
  wasAsked(): boolean;
  /** Asks for a stop, as a signal does. */
  stop(): void;
  /** Listens no more. */
  close(): void;
}

const SIGNALS = ["SIGINT", "SIGTERM", "SIGHUP"] as const;

/** What a shell reports of a program ended by SIGINT. */
const INTERRUPTED = 130;

/** Where signals come from: the process, or a test's stand-in. */
export interface SignalSource {
  on(signal: NodeJS.Signals, listener: () => void): unknown;
  off(signal: NodeJS.Signals, listener: () => void): unknown;
}

/** Asks for a stop on the first SIGINT, SIGTERM or SIGHUP; a second one ends the process at once. */
export function listenForStop(source: SignalSource = process): StopSignal {
  const { promise, resolve } = Promise.withResolvers<void>();
  let asked = false;
  const stop = () => {
    asked = true;
    resolve();
  };
  let signals = 0;
  const onSignal = () => {
    if (++signals > 1) process.exit(INTERRUPTED);
    stop();
  };
  for (const signal of SIGNALS) source.on(signal, onSignal);
  return {
    asked: promise,
    wasAsked: () => asked,
    stop,
    close() {
      for (const signal of SIGNALS) source.off(signal, onSignal);
    },
  };
}
