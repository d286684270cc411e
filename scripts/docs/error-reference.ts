import { ERROR_CODES, type ErrorCode } from "../../src/kernel/index.ts";
import { VERDICTS } from "../../src/providers/index.ts";
import { ERROR_MEANINGS, VERDICT_MEANINGS } from "./error-meanings.ts";
import { code, document, heading, table } from "./markdown.ts";

const INTRODUCTION = `
Every error has a stable code, a message that names things and sizes and never contents, and mostly a hint that says
what to do. The command line prints both; with \`--json\` it prints
\`{"error": {"code", "message", "hint", "details"}}\` on standard error. On the data plane the error comes in the
caller's own dialect, so that its SDK raises what it always raises: \`error.code\` for OpenAI and Anthropic,
\`error.details[0].reason\` for Gemini. Every answer carries \`x-ownkey-request-id\`, and a refusal the same
id where that SDK looks for one; \`ownkey requests show ID\` tells the rest of what was sent on.
`;

const EXIT_CODES: readonly (readonly [string, string])[] = [
  ["0", "done"],
  ["1", "failed"],
  ["2", "the command or an input is wrong"],
  ["3", "not found"],
  ["4", "the vault is locked or does not open"],
  ["5", "denied"],
  ["6", "the provider says no"],
  ["7", "findings (kept for the scanner)"],
];

const VERDICT_INTRODUCTION = `
## Verdicts

What a provider's answer says about a key: \`ownkey keys test\`, the column of \`ownkey keys list\`, and the ledger.
\`invalid_key\`, \`leaked\` and \`key_kind_disabled\` keep \`keys add\` from storing (exit 6); anything else stores with a
warning. A key that was never tested, or whose provider could not be reached, is \`untested\`.`;

export function errorReference(): string {
  const rows = (Object.keys(ERROR_CODES) as ErrorCode[]).map((name) => {
    const { http, exit } = ERROR_CODES[name];
    const { means, remedy } = ERROR_MEANINGS[name];
    return [code(name), String(http), String(exit), means, remedy];
  });
  return document(
    heading("Errors"),
    INTRODUCTION,
    table(["Code", "HTTP", "Exit", "Means", "What to do"], rows),
    "## Exit codes",
    table(["Exit", ""], EXIT_CODES),
    VERDICT_INTRODUCTION,
    table(
      ["Verdict", ""],
      VERDICTS.map((name) => [code(name), VERDICT_MEANINGS[name]]),
    ),
  );
}
