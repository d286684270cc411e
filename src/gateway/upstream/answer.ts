import type { HeaderPairs } from "../header-pairs.ts";
import type { UpstreamBody } from "./body.ts";

/** A provider's answer, as soon as its head is here. */
export interface UpstreamAnswer {
  readonly status: number;
  readonly headers: AnswerHeaders;
  /** `null` when there is none. */
  readonly body: UpstreamBody | null;
}

/** The headers of an answer as they came, names in lower case. */
export class AnswerHeaders {
  readonly pairs: HeaderPairs;

  constructor(pairs: HeaderPairs) {
    this.pairs = pairs;
  }

  /** Values of headers that are there more than once are joined with a comma (RFC 9110 5.3). */
  get(name: string): string | null {
    let found: string | null = null;
    for (const [given, value] of this.pairs) {
      if (given === name) found = found === null ? value : `${found}, ${value}`;
    }
    return found;
  }

  /** For those who read them with the platform's class. */
  asHeaders(): Headers {
    return new Headers(this.pairs as [string, string][]);
  }
}
