import type { Admission } from "./admission.ts";
import type { Counter } from "./counter.ts";

/** How limits are shared with other processes, as whoever admits requests needs it. */
export interface Sharing {
  /** What may be used at once of a limit that was not used here before. */
  firstShare(): number;
  /** The shares are good: nobody has taken over meanwhile. */
  isCurrent(): boolean;
  /** Whether others could give something of what is missing here. */
  mayAsk(counter: Counter): boolean;
  /** Asks the others for so much more of each limit, and tries until it succeeds or nothing will come soon. */
  ask(
    wants: ReadonlyMap<Counter, number>,
    attempt: () => Admission | undefined,
  ): Promise<Admission | undefined>;
  /** How long until others will have something to give; 0 = not known. */
  waitMs(counter: Counter): number;
  /** Its limit is another one, and with it perhaps the share. */
  limitChanged(counter: Counter): void;
  /** Nothing would be lost if the counter were forgotten. */
  mayForget(counter: Counter): boolean;
}
