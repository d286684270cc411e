import type { Rule } from "../../src/budgets/bounds/rule.ts";
import type { Source } from "../../src/budgets/bounds/source.ts";
import { code } from "./markdown.ts";

/** One line of the table: members of one object that have the same bound. */
export interface BoundRow {
  /** The object: its path, with the type where that decides (`tools[function]`); empty for the body itself. */
  readonly place: string;
  readonly fields: string[];
  readonly bound: string;
  readonly source: Source;
}

/** Objects that were told already, so that the same one elsewhere only points there. */
export type Told = Map<Rule, string>;

/** The table of one route as lines, an object's members before what is in them. */
export function boundRows(members: Readonly<Record<string, Rule>>, told: Told, title: string): BoundRow[] {
  return new RowWriter(told, title).object("", members);
}

class RowWriter {
  private readonly told: Told;
  private readonly title: string;

  constructor(told: Told, title: string) {
    this.told = told;
    this.title = title;
  }

  object(place: string, members: Readonly<Record<string, Rule>>): BoundRow[] {
    const rows: BoundRow[] = [];
    const deeper: BoundRow[] = [];
    for (const [name, rule] of Object.entries(members)) {
      if (isOtherSpelling(name, members)) continue;
      const path = place === "" ? name : `${place}.${name}`;
      const inner = this.inner(path, rule);
      const bound = boundText(rule) ?? (inner.length === 0 ? undefined : "");
      if (bound !== undefined && bound !== "")
        addRow(rows, { place, fields: [name], bound, source: rule.source });
      deeper.push(...inner);
    }
    return [...rows, ...deeper];
  }

  private inner(path: string, rule: Rule): BoundRow[] {
    switch (rule.kind) {
      case "object":
        return this.once(path, rule, () => this.object(path, rule.members));
      case "list":
        return this.element(path, rule.of);
      case "by_kind":
        return unique(Object.values(rule.kinds)).flatMap((kind) => this.element(path, kind));
      case "typed":
        return this.once(path, rule, () => this.forms(path, rule.forms));
      default:
        return [];
    }
  }

  /** What is in a list, or a value of one kind: nobody has told its own bound yet, if it is more than its bytes. */
  private element(path: string, rule: Rule): BoundRow[] {
    const bound = rule.kind === "free" || rule.kind === "by_kind" ? undefined : boundText(rule);
    const own = bound === undefined ? [] : [{ place: path, fields: [], bound, source: rule.source }];
    return [...own, ...this.inner(path, rule)];
  }

  /** Forms that are alike, as all of the server's tools, share a line. */
  private forms(path: string, forms: Readonly<Record<string, Rule>>): BoundRow[] {
    return unique(Object.values(forms)).flatMap((rule) => {
      const names = Object.keys(forms).filter((name) => forms[name] === rule);
      const place = `${path}[${names.join(", ")}]`;
      return this.element(place, rule);
    });
  }

  private once(path: string, rule: Rule, write: () => BoundRow[]): BoundRow[] {
    const before = this.told.get(rule);
    if (before === `${this.title}: ${path}`) return [];
    if (before !== undefined) {
      const bound = before.startsWith(`${this.title}: `)
        ? `as ${code(before.slice(this.title.length + 2))}`
        : `as in ${before}`;
      return [{ place: path, fields: [], bound, source: rule.source }];
    }
    this.told.set(rule, `${this.title}: ${path}`);
    return write();
  }
}

function addRow(rows: BoundRow[], row: BoundRow): void {
  const alike = rows.find(({ bound, source }) => bound === row.bound && source === row.source);
  if (alike === undefined) rows.push(row);
  else alike.fields.push(...row.fields);
}

/** Google reads `snake_case` too; the table says so once. */
function isOtherSpelling(name: string, members: Readonly<Record<string, Rule>>): boolean {
  const camel = name.replaceAll(/_([a-z])/g, (_, letter: string) => letter.toUpperCase());
  return camel !== name && members[camel] === members[name];
}

function unique(rules: readonly (Rule | undefined)[]): Rule[] {
  return [...new Set(rules.filter((rule) => rule !== undefined))];
}

function boundText(rule: Rule): string | undefined {
  const noted = (text: string) => (rule.note === undefined ? text : `${text}; ${rule.note}`);
  switch (rule.kind) {
    case "free":
      return noted("its bytes");
    case "schema":
      return noted(rule.expandsReferences ? "its bytes twice, without `$ref`" : "its bytes twice");
    case "limit":
      return noted("the output limit");
    case "kept":
      return rule.note;
    case "one_of":
      return `${rule.values.map((value) => code(String(value))).join(", ")}; anything else ${rule.why}`;
    case "measured":
      return rule.note;
    case "refused":
      return `**none**: it ${rule.why}${rule.window ? ". Let through: at most the model's context" : ""}`;
    case "list":
      return rule.tokens === 0 ? undefined : `${rule.tokens} tokens for each, beside what is in it`;
    case "object":
      return rule.measure === undefined ? undefined : rule.note;
    case "by_kind":
      return unique(Object.values(rule.kinds))
        .map(boundText)
        .find((text) => text !== undefined);
    default:
      return undefined;
  }
}
