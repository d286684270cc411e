import { TOOL_TOKEN_PREFIX } from "./tool-token.ts";
import { isVirtualKeyToken } from "./virtual-key-token.ts";

/** What a presented text is by its form alone. */
export interface ParsedCredential {
  readonly kind: "virtual_key" | "tool_token";
  readonly text: string;
}

/**
 * `undefined` for everything that Ownkey never wrote: a typo, a key cut short, a provider's key. A tool token is told
 * by its beginning; whoever verifies it takes it apart.
 */
export function parseCredential(text: string): ParsedCredential | undefined {
  if (text.startsWith(TOOL_TOKEN_PREFIX)) return { kind: "tool_token", text };
  return isVirtualKeyToken(text) ? { kind: "virtual_key", text } : undefined;
}
