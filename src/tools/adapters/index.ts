import type { ToolAdapter } from "../adapter.ts";
import { claudeCode } from "./claude-code.ts";

/** Every tool that Ownkey can set up, in the order in which they are shown. */
export const ADAPTERS: readonly ToolAdapter[] = [claudeCode];

export function adapterOf(id: string): ToolAdapter | undefined {
  return ADAPTERS.find((adapter) => adapter.id === id);
}
