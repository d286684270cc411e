import type { Node } from "jsonc-parser";
import { jsoncTree, type ValuePath } from "../../tools/index.ts";

/** An entry's path with numbers for places in lists. A `{ name, value }` pair is meant by its `value`. */
export function jsonPathOf(text: string, names: readonly string[]): ValuePath {
  const path: (string | number)[] = [];
  let node = jsoncTree(text);
  for (const name of names) {
    const step = stepInto(node, name);
    path.push(step.segment);
    node = step.node;
  }
  return path;
}

function stepInto(
  node: Node | undefined,
  name: string,
): { segment: string | number; node: Node | undefined } {
  if (node?.type === "array") return { segment: Number(name), node: node.children?.[Number(name)] };
  const member = (wanted: string) =>
    node?.children?.findLast((child) => child.children?.[0]?.value === wanted);
  const own = member(name);
  if (own) return { segment: name, node: own.children?.[1] };
  return { segment: "value", node: member("value")?.children?.[1] };
}
