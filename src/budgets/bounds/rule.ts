/** What a table of bounds says of a member: the whole language the tables are written in. */
import type { JsonNode } from "./json-tree.ts";
import type { Kept } from "./kept.ts";
import type { Source } from "./source.ts";
import type { Tally } from "./tally.ts";

export type Measure = (node: JsonNode, path: string, tally: Tally) => void;

export type Rule = { readonly source: Source; readonly note?: string } & (
  | { readonly kind: "free" }
  /** Costs its bytes once more: it is written into the prompt in another form as well. */
  | { readonly kind: "schema"; readonly expandsReferences: boolean }
  /** `measure` is called when all members are in order. */
  | { readonly kind: "object"; readonly members: Readonly<Record<string, Rule>>; readonly measure?: Measure }
  /** `tokens` are added for each item. */
  | { readonly kind: "list"; readonly of: Rule; readonly tokens: number }
  | { readonly kind: "by_kind"; readonly kinds: Readonly<Partial<Record<JsonNode["kind"], Rule>>> }
  /** An object that its member `by` tells the form of; without it, the form `otherwise`. */
  | {
      readonly kind: "typed";
      readonly by: string;
      readonly forms: Readonly<Record<string, Rule>>;
      readonly otherwise: string | null;
    }
  /** One of these literals. */
  | { readonly kind: "one_of"; readonly values: readonly (string | boolean)[]; readonly why: string }
  /** Looked at when all is read. */
  | { readonly kind: "kept"; readonly as: Kept }
  | { readonly kind: "limit" }
  | { readonly kind: "measured"; readonly measure: Measure }
  /** `window`: let through by name, it costs at most what the model's context holds. */
  | { readonly kind: "refused"; readonly why: string; readonly window: boolean }
);

type Members = Readonly<Record<string, Rule>>;

/** Builders of rows from one source. */
export function citing(source: Source) {
  const noted = (note: string | undefined) => (note === undefined ? { source } : { source, note });
  return {
    free: (note?: string): Rule => ({ kind: "free", ...noted(note) }),
    schema: (note?: string): Rule => ({ kind: "schema", expandsReferences: false, ...noted(note) }),
    unrolledSchema: (note?: string): Rule => ({ kind: "schema", expandsReferences: true, ...noted(note) }),
    object: (members: Members, note?: string): Rule => ({ kind: "object", members, ...noted(note) }),
    list: (of: Rule, tokens = 0, note?: string): Rule => ({ kind: "list", of, tokens, ...noted(note) }),
    byKind: (kinds: Partial<Record<JsonNode["kind"], Rule>>, note?: string): Rule => ({
      kind: "by_kind",
      kinds,
      ...noted(note),
    }),
    typed: (
      forms: Readonly<Record<string, Rule>>,
      otherwise: string | null = null,
      by = "type",
      note?: string,
    ): Rule => ({ kind: "typed", by, forms, otherwise, ...noted(note) }),
    oneOf: (values: readonly (string | boolean)[], why: string): Rule => ({
      kind: "one_of",
      values,
      why,
      source,
    }),
    kept: (as: Kept, note?: string): Rule => ({ kind: "kept", as, ...noted(note) }),
    limit: (note?: string): Rule => ({ kind: "limit", ...noted(note) }),
    measuredObject: (members: Members, measure: Measure, note: string): Rule => ({
      kind: "object",
      members,
      measure,
      ...noted(note),
    }),
    measured: (measure: Measure, note: string): Rule => ({
      kind: "measured",
      measure,
      ...noted(note),
    }),
    refused: (why: string): Rule => ({ kind: "refused", why, window: false, source }),
    reference: (why: string): Rule => ({ kind: "refused", why, window: true, source }),
  };
}

/** The same row for each of these names. */
export function each(names: readonly string[], rule: Rule): Record<string, Rule> {
  return Object.fromEntries(names.map((name) => [name, rule]));
}
