import { z } from "zod";
import { formatTime } from "../../kernel/index.ts";
import { operation } from "../operation.ts";
import { toolSchema } from "../run/session.ts";
import { doneSchema, timeSchema } from "../schemas.ts";

export const issue = operation({
  name: "tokens.issue",
  summary: "A short-lived token for a tool, bound to the virtual key tool:TOOL",
  place: "running",
  input: z.object({ tool: toolSchema }),
  output: z.object({ token: z.string(), expiresAt: timeSchema }),
  async run({ toolTokens }, caller, { tool }) {
    const { token, expiresAtMs } = await toolTokens.issue(caller, tool);
    return { token: token.reveal(), expiresAt: formatTime(expiresAtMs) };
  },
});

export const revoke = operation({
  name: "tokens.revoke",
  summary: "End every token of a tool that is out now",
  place: "anywhere",
  input: z.object({ tool: toolSchema }),
  output: doneSchema,
  async run({ toolTokens }, caller, { tool }) {
    await toolTokens.revoke(caller, tool);
    return { done: true as const };
  },
});
