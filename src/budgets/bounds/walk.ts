import { AppError, foldName } from "../../kernel/index.ts";
import type { JsonMember, JsonNode } from "./json-tree.ts";
import type { Rule } from "./rule.ts";
import type { Tally } from "./tally.ts";

/**
 * Holds a value against its rule and notes what it finds. `path` is the member's path without indexes.
 * @throws AppError `ambiguous_body` when an object that a rule holds for has a member twice under names that some
 *   reader would take for the same.
 */
export function walk(node: JsonNode, rule: Rule, path: string, tally: Tally): void {
  if (tally.refusal !== undefined) return;
  // Every reader takes null for a member that is not there. A limit of null has to be known: what is put in beside it
  // would be outdone by it.
  if (node.kind === "null" && rule.kind !== "limit") return;
  switch (rule.kind) {
    case "free":
      return;
    case "schema":
      tally.repeatedBytes += node.end - node.start;
      if (rule.expandsReferences && hasMember(node, "$ref", tally)) {
        tally.refuse(`${path}.$ref`, "is written out by the provider, which may make it many times as long");
      }
      return;
    case "object":
      walkObject(node, rule.members, path, tally);
      if (node.kind === "object") rule.measure?.(node, path, tally);
      return;
    case "list":
      if (node.kind !== "array") return wrongKind(node, path, tally);
      if (node.scalars > 0 && !takesScalars(rule.of)) {
        tally.refuse(path, "holds values that nothing is known about");
      }
      tally.extraTokens += rule.tokens * node.items.length;
      for (const item of node.items) walk(item, rule.of, path, tally);
      return;
    case "by_kind": {
      const inner = rule.kinds[node.kind];
      return inner === undefined ? wrongKind(node, path, tally) : walk(node, inner, path, tally);
    }
    case "typed":
      walkTyped(node, rule, path, tally);
      return;
    case "one_of": {
      const value = node.kind === "boolean" ? tally.tree.isTrue(node) : tally.tree.text(node);
      if (value === undefined || !rule.values.includes(value)) tally.refuse(path, rule.why);
      return;
    }
    case "kept":
      tally.kept.set(rule.as, { ...node, path });
      return;
    case "limit":
      tally.limits.push({ name: path, node });
      return;
    case "measured":
      rule.measure(node, path, tally);
      return;
    case "refused":
      tally.refuse(path, rule.why, rule.window);
  }
}

function takesScalars(rule: Rule): boolean {
  return rule.kind === "free" || (rule.kind === "by_kind" && rule.kinds.number !== undefined);
}

function walkObject(
  node: JsonNode,
  members: Readonly<Record<string, Rule>>,
  path: string,
  tally: Tally,
): void {
  if (node.kind !== "object") return wrongKind(node, path, tally);
  const seen = new Set<string>();
  for (const member of node.members) {
    const name = nameOf(member, tally);
    const folded = foldName(name);
    if (seen.has(folded)) throw twice(path, name);
    seen.add(folded);
    const rule = Object.hasOwn(members, name) ? members[name] : undefined;
    if (rule === undefined)
      tally.refuse(fieldOf(path, shown(name)), "is not in the table of what has a bound");
    else walk(member.value, rule, fieldOf(path, name), tally);
  }
}

function walkTyped(node: JsonNode, rule: Extract<Rule, { kind: "typed" }>, path: string, tally: Tally): void {
  if (node.kind !== "object") return wrongKind(node, path, tally);
  const marks = node.members.filter((member) => foldName(nameOf(member, tally)) === foldName(rule.by));
  if (marks.length > 1) throw twice(path, rule.by);
  const mark = marks[0] === undefined ? undefined : tally.tree.text(marks[0].value);
  const type = mark ?? rule.otherwise;
  const form = type !== null && Object.hasOwn(rule.forms, type) ? rule.forms[type] : undefined;
  if (form !== undefined) {
    // A refused form is told by its own name; within the others, the members' names are plain enough.
    walk(node, form, form.kind === "refused" && type !== null ? `${path}.${type}` : path, tally);
    return;
  }
  tally.refuse(
    type === null ? path : `${path}.${shown(type)}`,
    type === null ? `has no "${rule.by}"` : "is not in the table of what has a bound",
  );
}

function fieldOf(path: string, name: string): string {
  return path === "" ? name : `${path}.${name}`;
}

function wrongKind(node: JsonNode, path: string, tally: Tally): void {
  tally.refuse(path || "body", `is of type ${node.kind}, and nothing is known about that`);
}

/** No name in the tables comes near this length, however it is escaped. */
const MAX_NAME_BYTES = 256;

function nameOf(member: JsonMember, tally: Tally): string {
  const length = member.nameEnd - member.nameStart;
  return length > MAX_NAME_BYTES ? `a name of ${length} bytes` : tally.tree.name(member);
}

/** Names are told as they are when they look like names, and not at all otherwise. */
function shown(name: string): string {
  return /^[A-Za-z0-9_$:-]{1,64}$/.test(name) ? name : "(another)";
}

function hasMember(node: JsonNode, name: string, tally: Tally): boolean {
  return (
    node.members.some((member) => nameOf(member, tally) === name || hasMember(member.value, name, tally)) ||
    node.items.some((item) => hasMember(item, name, tally))
  );
}

function twice(path: string, name: string): AppError {
  return new AppError("ambiguous_body", `the body has "${fieldOf(path, shown(name))}" more than once`, {
    hint: "send each field once, in one spelling",
  });
}
