import type { Usage } from "../kernel/index.ts";

/** What one piece of an answer says about usage. In streams later readings overwrite earlier ones, field by field. */
export interface UsageReading {
  readonly usage?: Partial<Usage>;
  readonly modelAnswered?: string;
  readonly serviceTier?: string;
  readonly geo?: string;
  /** The answer's own end mark was seen: what was read is final. */
  readonly final?: boolean;
}
