/** All that `ownkey token TOOL` needs against a running program: two files and one call. */
import { readFileSync } from "node:fs";
import { join } from "node:path";

const ANSWER_WITHIN_MS = 5_000;

/** The token, or `undefined` when it could not be had this way. */
export async function fetchToken(home: string, tool: string): Promise<string | undefined> {
  try {
    const { socket } = JSON.parse(readFileSync(join(home, "run", "up.json"), "utf8")) as { socket: string };
    const response = await fetch("http://localhost/api/tokens.issue", {
      unix: socket,
      method: "POST",
      body: JSON.stringify({ tool }),
      signal: AbortSignal.timeout(ANSWER_WITHIN_MS),
    });
    if (!response.ok) return undefined;
    const { token } = (await response.json()) as { token: unknown };
    return typeof token === "string" ? token : undefined;
  } catch {
    return undefined;
  }
}
