import { isJsonObject, type Json } from "../../kernel/index.ts";
import type { ValuePath } from "./editor.ts";

/** The value at a path; `undefined` when nothing stands there. */
export function valueAt(document: Json | undefined, at: ValuePath): Json | undefined {
  let value: Json | undefined = document;
  for (const step of at) {
    if (Array.isArray(value) && typeof step === "number") value = (value as readonly Json[])[step];
    else if (isJsonObject(value) && Object.hasOwn(value, step)) value = value[step];
    else return undefined;
  }
  return value;
}

/** The document with another value at a path, and objects where something above it was missing. */
export function withValue(document: Json, at: ValuePath, value: Json | undefined): Json {
  const [step, ...rest] = at;
  if (step === undefined) return value ?? {};
  if (Array.isArray(document) && typeof step === "number") {
    const list = [...(document as readonly Json[])];
    const changed = rest.length === 0 ? value : withValue(list[step] ?? {}, rest, value);
    list.splice(step, 1, ...(changed === undefined ? [] : [changed]));
    return list;
  }
  const object = isJsonObject(document) ? document : {};
  const members = new Map(Object.entries(object));
  if (rest.length > 0) {
    const inner = members.get(String(step));
    if (inner !== undefined || value !== undefined)
      members.set(String(step), withValue(inner ?? {}, rest, value));
  } else if (value === undefined) members.delete(String(step));
  else members.set(String(step), value);
  return Object.fromEntries(members);
}

/** Whether a value says all that another one says: an object may have more members. */
export function saysAll(value: Json | undefined, wanted: Json | undefined): boolean {
  if (!isJsonObject(value) || !isJsonObject(wanted)) return sameValue(value, wanted);
  return Object.entries(wanted).every(([name, member]) => saysAll(value[name], member));
}

/** Whether two values say the same; the order of members does not count. */
export function sameValue(a: Json | undefined, b: Json | undefined): boolean {
  return a === b || (a !== undefined && b !== undefined && Bun.deepEquals(a, b, true));
}
