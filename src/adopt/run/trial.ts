import type { Connection } from "../../connections/index.ts";
import { AppError, type Secret } from "../../kernel/index.ts";
import { matchRoute, providerById, type VerdictName } from "../../providers/index.ts";

/** One real request through the gateway. @throws AppError `provider_unreachable` when the way does not work. */
export type Trial = (way: TriedWay) => Promise<void>;

export interface TriedWay {
  readonly gatewayUrl: string;
  readonly connection: Pick<Connection, "name" | "provider" | "preset">;
  /** What the provider said of the key itself: the same answer through the gateway means that the way is fine. */
  readonly verdict: VerdictName | "untested";
  readonly credential: Secret;
}

const WITHIN_MS = 30_000;
const MOST_CHARS = 64 * 1024;

/** Lists of models: every dialect has one of these, and it costs nothing. */
const MODEL_LISTS = ["/v1/models", "/v1beta/models", "/openai/v1/models"];

/** Asks for the list of models the way a tool would, with the credential that the tool is to have. */
export function createTrial(send: typeof fetch): Trial {
  return async ({ gatewayUrl, connection, verdict, credential }) => {
    const provider = providerById(connection.provider, connection.preset);
    const path = MODEL_LISTS.find((one) => typeof matchRoute(provider, "GET", one) === "object");
    if (path === undefined) throw notTried(connection, "it has no list of models to ask for");
    let answer: { status: number; headers: Headers; body: string };
    try {
      const response = await send(`${gatewayUrl}/c/${connection.name}${path}`, {
        headers: {
          authorization: `Bearer ${credential.reveal()}`,
          ...(provider.dialect === "anthropic" ? { "anthropic-version": "2023-06-01" } : {}),
        },
        redirect: "manual",
        signal: AbortSignal.timeout(WITHIN_MS),
        // Bun's, and not in the types: none of the environment's.
        proxy: false,
      } as unknown as RequestInit);
      const body = (await response.text()).slice(0, MOST_CHARS);
      answer = { status: response.status, headers: response.headers, body };
    } catch (error) {
      throw notTried(connection, "the gateway did not answer", error);
    }
    if (answer.status >= 200 && answer.status < 300) return;
    const { name, explanation } = provider.verdict(answer);
    if (name !== verdict || name === "unknown" || name === "unreachable")
      throw notTried(connection, explanation);
  };
}

function notTried({ name }: Pick<Connection, "name">, why: string, cause?: unknown): AppError {
  return new AppError("provider_unreachable", `a request through the gateway to "${name}" failed: ${why}`, {
    hint: "nothing was taken away for it; look with ownkey requests list, then run ownkey adopt again",
    retryable: true,
    cause,
  });
}
