import { addressPlace } from "../../access/index.ts";
import { type Control, loadNames } from "../../control/index.ts";
import { remember } from "../../kernel/index.ts";
import { intOf } from "../../store/index.ts";

type Watched = Pick<Control, "store" | "clock" | "notifier">;

/** Between two looks at one virtual key's address: looking costs a system call. */
const LOOK_AFTER_MS = 5;
/** Keys and places in memory; when there are more it begins anew, and the store tells what is known. */
const MOST_IN_MEMORY = 50_000;
/** A virtual key that is known at so many places is on the move. */
const MOST_PLACES = 50;
const KEPT_MS = 400 * 86_400_000;

interface Seen {
  readonly virtualKeyId: string;
  readonly place: string;
  readonly atMs: number;
}

/**
 * Where virtual keys are used from: noted in memory for each request, written now and then, and told when a key is
 * used from a place that is new, after its first one.
 */
export class AddressWatch {
  readonly #control: Watched;
  readonly #lookedAtMs = new Map<string, number>();
  readonly #known = new Set<string>();
  #fresh = new Map<string, Seen>();

  constructor(control: Watched) {
    this.#control = control;
  }

  note(virtualKeyId: string, address: () => string | undefined): void {
    const { clock } = this.#control;
    const nowMs = clock.monotonicMs();
    const lookedAtMs = this.#lookedAtMs.get(virtualKeyId);
    if (lookedAtMs !== undefined && nowMs - lookedAtMs < LOOK_AFTER_MS) return;
    remember(this.#lookedAtMs, MOST_IN_MEMORY, virtualKeyId, nowMs);
    const text = address();
    if (text === undefined) return;
    const key = `${virtualKeyId} ${text}`;
    if (this.#known.has(key)) return;
    const place = addressPlace(text);
    if (place === undefined) return;
    if (this.#known.size >= MOST_IN_MEMORY) this.#known.clear();
    this.#known.add(key);
    if (this.#fresh.size < MOST_IN_MEMORY) {
      this.#fresh.set(`${virtualKeyId} ${place}`, { virtualKeyId, place, atMs: Math.trunc(clock.nowMs()) });
    }
  }

  /** Writes what is new and tells of it; what could not be written is written the next time. */
  async flush(): Promise<void> {
    const fresh = this.#fresh;
    if (fresh.size === 0) return;
    this.#fresh = new Map();
    for (const [key, seen] of fresh) {
      try {
        const known = await this.#remember(seen);
        if (known !== undefined) await this.#tell(seen, known);
        fresh.delete(key);
      } catch (error) {
        this.#fresh = new Map([...fresh, ...this.#fresh]);
        throw error;
      }
    }
  }

  /** Gives how many other places are known when this one is news worth telling. */
  async #remember({ virtualKeyId, place, atMs }: Seen): Promise<number | undefined> {
    return await this.#control.store.tx(async (tx) => {
      const row = await tx.get(
        "SELECT COUNT(*) AS known FROM virtual_key_addresses WHERE virtual_key_id = ?",
        [virtualKeyId],
      );
      const known = row ? intOf(row, "known") : 0;
      if (known >= MOST_PLACES) return undefined;
      const inserted = await tx.run(
        `INSERT INTO virtual_key_addresses (virtual_key_id, address, first_ms) VALUES (?, ?, ?)
         ON CONFLICT (virtual_key_id, address) DO NOTHING`,
        [virtualKeyId, place, atMs],
      );
      return inserted > 0 && known > 0 ? known : undefined;
    });
  }

  async #tell({ virtualKeyId, place }: Seen, known: number): Promise<void> {
    const virtualKey = (await loadNames(this.#control)).virtualKey(virtualKeyId);
    await this.#control.notifier.raise({
      type: "virtual_key.new_address",
      mark: `address ${virtualKeyId} ${place}`,
      keepMs: KEPT_MS,
      message: `virtual key ${virtualKey} was used from ${place} for the first time; ${known} other ${known === 1 ? "address is" : "addresses are"} known: if that was not you: ownkey vk disable ${virtualKey}`,
      data: { virtualKey, virtualKeyId, address: place, knownAddresses: known },
    });
  }
}
