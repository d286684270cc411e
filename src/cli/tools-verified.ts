import * as tools from "../control/operations/tools.ts";
import { toAppError } from "../kernel/index.ts";
import type { CliContext } from "./context.ts";
import { shellOf } from "./tools-shell.ts";

/** As one line of a report: a tool that cannot be tried does not keep the others from it. */
export async function verified(
  context: CliContext,
  tool: string,
  { connection, model }: { readonly connection?: string; readonly model?: string },
): Promise<{ tool: string; ok: boolean; what: string; hint: string | null }> {
  try {
    return await context.client.call(tools.verify, { ...shellOf(context), tool, connection, model });
  } catch (error) {
    const { code, message, hint } = toAppError(error);
    if (code === "not_found" || code === "internal") throw error;
    return { tool, ok: false, what: message, hint: hint ?? null };
  }
}
