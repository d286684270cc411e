import { isSameModel } from "../usage/index.ts";

export interface AnswerPriceOptions {
  /** As the request named it; `null` when it named none. */
  readonly asked: string | null;
  /** As the answer names it. */
  readonly answered: string | null;
  /** A hard budget pays. */
  readonly isHard: boolean;
  /** What the answer's usage costs with a model; `null` = no price. */
  readonly costAs: (model: string) => bigint | null;
}

/**
 * What an answer costs. The model that answered has the price, as it is what providers bill by; where it has none, as
 * servers call models by names of their own, the one that was asked for. Under a hard budget the dearer of the two
 * counts, unless they are one model: a name that some server makes up must not make it cheaper.
 */
export function answerPrice({ asked, answered, isHard, costAs }: AnswerPriceOptions): bigint | null {
  const cost = answered === null ? null : costAs(answered);
  if (asked === null) return cost;
  if (cost === null) return costAs(asked);
  if (!isHard || answered === null || isSameModel(answered, asked)) return cost;
  const costAsked = costAs(asked);
  return costAsked !== null && costAsked > cost ? costAsked : cost;
}
