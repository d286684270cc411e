import { matchesPattern } from "../access/index.ts";
import { AppError } from "../kernel/index.ts";

export const SUBJECT_KINDS = ["vk", "user", "team", "project", "tool", "connection", "model"] as const;
export type SubjectKind = (typeof SUBJECT_KINDS)[number];

/**
 * Whose spending a budget bounds, as one text: `everything`, `vk:ID`, `user:ada`, `team:…`, `project:…`, `tool:…`,
 * `connection:ID`, `model:gpt-5*`.
 */
export type Subject =
  | { readonly kind: "everything" }
  | { readonly kind: SubjectKind; readonly value: string };

/** What of a request decides which budgets bound it. */
export interface Spender {
  readonly virtualKeyId: string;
  readonly user: string | null;
  readonly team: string | null;
  readonly project: string | null;
  readonly tool: string | null;
  readonly connectionId: string;
  /** As it is sent to the provider; `null` when the request names none. */
  readonly model: string | null;
}

export function subjectText(subject: Subject): string {
  return subject.kind === "everything" ? "everything" : `${subject.kind}:${subject.value}`;
}

/** As people write it, with the names that things have now in place of ids. */
export function namedSubject(
  subject: Subject,
  names: { virtualKey(id: string): string; connection(id: string): string },
): string {
  if (subject.kind === "vk") return `vk:${names.virtualKey(subject.value)}`;
  if (subject.kind === "connection") return `connection:${names.connection(subject.value)}`;
  return subjectText(subject);
}

/** Reads a subject as written; a word without a kind is a virtual key. @throws AppError `invalid_input`. */
export function parseSubject(text: string): Subject {
  if (text === "everything") return { kind: "everything" };
  const colon = text.indexOf(":");
  const kind = SUBJECT_KINDS.find((one) => one === text.slice(0, colon));
  const value = kind === undefined ? text : text.slice(colon + 1);
  // eslint-disable-next-line no-control-regex
  if (value !== "" && value.length <= 200 && !/[\u0000-\u001f\u007f]/.test(value)) {
    return { kind: kind ?? "vk", value };
  }
  throw new AppError("invalid_input", "this is not something that a budget can be for", {
    hint: "write everything, vk:NAME, user:NAME, team:NAME, project:NAME, tool:NAME, connection:NAME or model:PATTERN",
  });
}

/** Whether the subject's budgets bound what this spender does. */
export function covers(subject: Subject, spender: Spender): boolean {
  switch (subject.kind) {
    case "everything":
      return true;
    case "vk":
      return spender.virtualKeyId === subject.value;
    case "connection":
      return spender.connectionId === subject.value;
    case "model":
      return coversModel(subject.value, spender.model);
    default:
      return spender[subject.kind] === subject.value;
  }
}

/**
 * Capitals and spaces around it make no other model, nor does Google's `models/` before it. A request that names no model may reach any:
 * every pattern covers it.
 */
function coversModel(pattern: string, model: string | null): boolean {
  if (model === null) return true;
  const name = model.trim().toLowerCase();
  const bare = name.startsWith("models/") ? name.slice("models/".length) : name;
  return matchesPattern(pattern.toLowerCase(), name) || matchesPattern(pattern.toLowerCase(), bare);
}
