import { BodyMemory, type BodyMemoryOptions, type BodyShare } from "./body-memory.ts";
import { Spool, type SpoolOptions } from "./spool.ts";

/** Where one request's body may be kept while it is looked at and sent on. */
export interface BodyKeeping {
  readonly share: BodyShare;
  /** A file for what is too large for memory. @throws AppError `storage_full`, `store_unavailable`. */
  openSpool(): Promise<Spool>;
  /** To be called once the provider has answered, or nothing will be sent to it. */
  end(): void;
}

export interface BodyKeeperOptions extends BodyMemoryOptions, SpoolOptions {}

/** Keeps the bodies of all requests under way within bounds. */
export class BodyKeeper {
  readonly #memory: BodyMemory;
  readonly #options: BodyKeeperOptions;

  constructor(options: BodyKeeperOptions) {
    this.#options = options;
    this.#memory = new BodyMemory(options);
  }

  begin(): BodyKeeping {
    const share = this.#memory.share();
    let spool: Spool | undefined;
    return {
      share,
      openSpool: async () => (spool = await Spool.open(this.#options)),
      end() {
        share.release();
        // One that is being read may still be on its way, and closes itself.
        void spool?.closeUnlessRead();
      },
    };
  }
}
