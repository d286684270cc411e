import type { ProviderId } from "../provider.ts";

/** How a family names its sizes, the larger one first; `V` is the version, which stays. */
const FAMILIES: Readonly<Partial<Record<ProviderId, readonly (readonly string[])[]>>> = {
  openai: [["gpt-V", "gpt-V-mini", "gpt-V-nano"]],
  azure: [["gpt-V", "gpt-V-mini", "gpt-V-nano"]],
  anthropic: [["claude-opus-V", "claude-sonnet-V", "claude-haiku-V"]],
  google: [["gemini-V-pro", "gemini-V-flash", "gemini-V-flash-lite"]],
};

/** `-2025-08-07`, `-20250929`, `-latest`, `-001` */
const REVISION = /-(?:\d{4}-\d{2}-\d{2}|\d{8}|latest|\d{3})$/;

/**
 * The smaller models of the same family and version by the provider's way of naming them, the nearest first. Not every
 * name has a model: whoever uses one looks whether it has a price.
 */
export function smallerModels(provider: ProviderId, model: string): string[] {
  const name = model.toLowerCase().replace(REVISION, "");
  for (const sizes of FAMILIES[provider] ?? []) {
    for (const [at, size] of sizes.entries()) {
      const version = versionIn(name, size);
      if (version !== undefined) return sizes.slice(at + 1).map((smaller) => smaller.replace("V", version));
    }
  }
  return [];
}

function versionIn(name: string, size: string): string | undefined {
  const [head = "", tail = ""] = size.split("V");
  const version =
    name.startsWith(head) && name.endsWith(tail) ? name.slice(head.length, name.length - tail.length) : "";
  return /^\d+[a-z]?(?:[.-]\d{1,2})?$/.test(version) ? version : undefined;
}
