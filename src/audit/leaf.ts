/**
 * The bytes of one entry, as hashed into the tree and kept for ever: canonical JSON with the members `action`, `at`
 * (milliseconds since 1970 UTC), `caller`, `index`, `outcome`, and where there is something to say `details`,
 * `subject` and `protectedSum` (hex; the sum of protected rows after this entry, if the entry changed it).
 */
import {
  canonicalJson,
  fromHex,
  fromUtf8,
  isJsonObject,
  type Json,
  numberAt,
  objectAt,
  parseJson,
  stringAt,
  toHex,
  utf8,
} from "../kernel/index.ts";
import type { AuditEntry, AuditEvent } from "./entry.ts";

export interface Leaf extends AuditEntry {
  readonly protectedSum: Uint8Array | undefined;
}

export function encodeLeaf(leaf: Leaf): Uint8Array {
  const members: Record<string, Json> = {
    action: leaf.action,
    at: leaf.atMs,
    caller: leaf.caller,
    index: leaf.index,
    outcome: leaf.outcome,
  };
  if (leaf.subject !== undefined) members["subject"] = leaf.subject;
  if (leaf.details !== undefined) members["details"] = leaf.details;
  if (leaf.protectedSum !== undefined) members["protectedSum"] = toHex(leaf.protectedSum);
  return utf8(canonicalJson(members));
}

/** `undefined` for bytes that {@link encodeLeaf} would not have written. */
export function decodeLeaf(body: Uint8Array): Leaf | undefined {
  const value = parseBody(body);
  const index = numberAt(value, "index");
  const atMs = numberAt(value, "at");
  const caller = stringAt(value, "caller");
  const action = stringAt(value, "action");
  const outcome = stringAt(value, "outcome");
  const sum = stringAt(value, "protectedSum");
  if (index === undefined || atMs === undefined || caller === undefined || action === undefined)
    return undefined;
  if (outcome !== "ok" && outcome !== "denied") return undefined;
  return {
    index,
    atMs,
    caller,
    action,
    outcome,
    subject: stringAt(value, "subject"),
    details: objectAt(value, "details"),
    protectedSum: sum === undefined ? undefined : fromHex(sum),
  };
}

/** The event with names that every engine stores and gives back unchanged: no lone surrogate, no NUL. */
export function storable(event: AuditEvent): AuditEvent {
  return {
    ...event,
    caller: plainText(event.caller),
    action: plainText(event.action),
    subject: event.subject === undefined ? undefined : plainText(event.subject),
  };
}

function plainText(text: string): string {
  return text.toWellFormed().replaceAll("\0", "\uFFFD");
}

function parseBody(body: Uint8Array): Json | undefined {
  try {
    const value = parseJson(fromUtf8(body));
    return isJsonObject(value) ? value : undefined;
  } catch {
    return undefined; // not UTF-8
  }
}
