import { isJsonObject, type Json, stringAt } from "../kernel/index.ts";

/** A model as a provider's list names it. */
export interface ListedModel {
  readonly id: string;
  /** As the provider's list says, `YYYY-MM-DD`. */
  readonly shutdownDate?: string;
  /** When the provider made it, as far as its list says so. */
  readonly createdAtMs?: number;
}

/** OpenAI's and Anthropic's `data[].id`, Gemini's `models[].name`; `undefined` when the document is no list of models. */
export function modelsIn(document: Json | undefined): readonly ListedModel[] | undefined {
  const entries = isJsonObject(document) ? (document["data"] ?? document["models"]) : undefined;
  if (!Array.isArray(entries)) return undefined;
  return entries.flatMap((entry: Json) => {
    const id = stringAt(entry, "id") ?? stringAt(entry, "name");
    const shutdownDate = stringAt(entry, "shutdown_date");
    const createdAtMs = createdAt(entry);
    if (id === undefined) return [];
    return [
      {
        id: id.replace(/^models\//, ""),
        ...(shutdownDate === undefined ? {} : { shutdownDate }),
        ...(createdAtMs === undefined ? {} : { createdAtMs }),
      },
    ];
  });
}

/** OpenAI counts seconds, Anthropic writes the time. */
function createdAt(entry: Json): number | undefined {
  const seconds = isJsonObject(entry) ? entry["created"] : undefined;
  const atMs = typeof seconds === "number" ? seconds * 1000 : Date.parse(stringAt(entry, "created_at") ?? "");
  return Number.isFinite(atMs) && atMs > 0 ? atMs : undefined;
}
