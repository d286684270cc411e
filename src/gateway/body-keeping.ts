import { announcedBytes } from "./body.ts";
import { BodyMemory, type BodyMemoryOptions, type BodyShare } from "./body-memory.ts";
import type { RequestHeaders } from "./request-headers.ts";
import { Spool, type SpoolOptions } from "./spool.ts";

/**
 * Bodies that are announced with no more than this are not counted. Such a request weighs about what its connection
 * weighs anyway, in the system's buffers and in ours, and there is at most one on each: what bounds connections bounds
 * these bodies. And most requests are such: they go their way without an object made for this.
 */
const UNCOUNTED_BYTES = 64 * 1024;

export interface BodyKeeperOptions extends BodyMemoryOptions, SpoolOptions {}

/** Keeps the bodies of all requests under way within bounds. */
export class BodyKeeper {
  readonly #memory: BodyMemory;
  readonly #options: BodyKeeperOptions;

  constructor(options: BodyKeeperOptions) {
    this.#options = options;
    this.#memory = new BodyMemory(options);
  }

  /** Of all bodies that are counted. */
  get usedBytes(): number {
    return this.#memory.usedBytes;
  }

  /**
   * A place for a request's body, which must be ended; `undefined` where there is none, or a small one that is not
   * counted. One that is compressed may be large when it is read, one without an announced length any time.
   */
  begin(request: Pick<Request, "signal">, headers: RequestHeaders): BodyKeeping | undefined {
    const announced = announcedBytes(headers);
    const isSmall =
      announced === undefined
        ? headers["transfer-encoding"] === undefined
        : announced <= UNCOUNTED_BYTES && headers["content-encoding"] === undefined;
    return isSmall ? undefined : new BodyKeeping(this.#memory.share(request.signal), this.#options);
  }
}

/** Where one request's body is kept while it is looked at and sent on. */
export class BodyKeeping {
  readonly share: BodyShare;
  readonly #spools: SpoolOptions;
  #spool: Spool | undefined;

  constructor(share: BodyShare, spools: SpoolOptions) {
    this.share = share;
    this.#spools = spools;
  }

  /** A file for what is too large for memory. @throws AppError `storage_full`, `store_unavailable`. */
  async openSpool(): Promise<Spool> {
    return (this.#spool = await Spool.open(this.#spools));
  }

  /** To be called once the provider has answered, or nothing will be sent to it. */
  end(): void {
    this.share.release();
    // One that is being read may still be on its way, and closes itself.
    void this.#spool?.closeUnlessRead();
  }
}
