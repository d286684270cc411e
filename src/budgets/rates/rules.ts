import type { RateLimits } from "../../access/index.ts";
import { remember } from "../../kernel/index.ts";
import { covers, type Spender, type Subject, subjectText } from "../subject.ts";

/** What a subject other than a virtual key may ask for. Stored with a row MAC. */
export interface RateRule {
  readonly id: string;
  readonly subject: Subject;
  readonly limits: RateLimits;
  readonly createdAtMs: number;
}

/** The limits of one subject that cover a request. */
export interface Covering {
  readonly subject: string;
  readonly limits: RateLimits;
}

const MAX_MODELS_REMEMBERED = 1_000;

/** Finds the rules that cover a request, without looking through all of them. */
export class RateRules {
  readonly #bySubject: ReadonlyMap<string, Covering>;
  readonly #kinds: ReadonlySet<string>;
  readonly #models: readonly { readonly subject: Subject; readonly covering: Covering }[];
  readonly #byModel = new Map<string | null, readonly Covering[]>();

  constructor(rules: readonly RateRule[]) {
    const entries = rules.map(({ subject, limits }) => ({
      subject,
      covering: { subject: subjectText(subject), limits },
    }));
    this.#models = entries.filter(({ subject }) => subject.kind === "model");
    const others = entries.filter(({ subject }) => subject.kind !== "model");
    this.#bySubject = new Map(others.map(({ covering }) => [covering.subject, covering]));
    this.#kinds = new Set(others.map(({ subject }) => subject.kind));
  }

  get isEmpty(): boolean {
    return this.#bySubject.size === 0 && this.#models.length === 0;
  }

  of(spender: Spender): readonly Covering[] {
    const found: Covering[] = [];
    const add = (covering: Covering | undefined) => {
      if (covering !== undefined) found.push(covering);
    };
    if (this.#kinds.has("everything")) add(this.#bySubject.get("everything"));
    if (this.#kinds.has("connection")) add(this.#bySubject.get(`connection:${spender.connectionId}`));
    for (const kind of LABELS) {
      const value = spender[kind];
      if (value !== null && this.#kinds.has(kind)) add(this.#bySubject.get(`${kind}:${value}`));
    }
    if (this.#models.length > 0) found.push(...this.#ofModel(spender));
    return found;
  }

  #ofModel(spender: Spender): readonly Covering[] {
    return (
      this.#byModel.get(spender.model) ??
      remember(this.#byModel, MAX_MODELS_REMEMBERED, spender.model, this.#lookUpModel(spender))
    );
  }

  #lookUpModel(spender: Spender): readonly Covering[] {
    const found = this.#models.filter(({ subject }) => covers(subject, spender));
    return found.map(({ covering }) => covering);
  }
}

const LABELS = ["user", "team", "project", "tool"] as const;
