/** One thing that is wrong with the log. */
export interface Problem {
  /** The entry concerned, or the first of those concerned. */
  readonly index: number;
  readonly message: string;
}

export interface VerifyResult {
  readonly ok: boolean;
  /** Entries that were checked. */
  readonly entries: number;
  /** RFC 6962 root recomputed from the entries, 32 bytes. */
  readonly root: Uint8Array;
  /** Checkpoints that were compared. */
  readonly checkpoints: number;
  /** False when no public key was given: then checkpoints were compared with the tree only. */
  readonly signaturesChecked: boolean;
  /** In the order they were met, at most {@link MAX_PROBLEMS}. */
  readonly problems: readonly Problem[];
  /** Problems met beyond those listed. */
  readonly moreProblems: number;
  /** The entry to look at first: the first problem's. */
  readonly firstBadIndex: number | undefined;
}

export const MAX_PROBLEMS = 50;

/** Collects problems in bounded memory. */
export class ProblemList {
  readonly #listed: Problem[];
  #more: number;

  constructor(listed: readonly Problem[] = [], more = 0) {
    this.#listed = [...listed];
    this.#more = more;
  }

  add(index: number, message: string): void {
    if (this.#listed.length < MAX_PROBLEMS) this.#listed.push({ index, message });
    else this.#more++;
  }

  copy(): ProblemList {
    return new ProblemList(this.#listed, this.#more);
  }

  get listed(): readonly Problem[] {
    return this.#listed;
  }

  get more(): number {
    return this.#more;
  }
}
