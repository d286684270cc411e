import { AppError, type Clock, maskSecrets, parseJson, readUpTo, type Secret } from "../kernel/index.ts";
import {
  type ConnectionSettings,
  curlFor,
  type Provider,
  type ProviderAnswer,
  type TestCall,
  type Verdict,
  type VerdictName,
} from "../providers/index.ts";
import { modelsIn } from "./listed-models.ts";
import { unreachableVerdict } from "./unreachable.ts";

/** The `fetch` of the platform, one that checks addresses, or a test's. */
export type Fetch = (url: string, init: RequestInit, settings: ConnectionSettings) => Promise<Response>;

export interface KeyTesterOptions {
  readonly fetch: Fetch;
  readonly clock: Clock;
  /** Default 10 000. */
  readonly limitMs?: number;
}

export interface KeyTest {
  readonly provider: Provider;
  readonly settings: ConnectionSettings;
  readonly value: Secret;
  /** Name of the variable in the equivalent curl; default: the provider's usual one. */
  readonly variable?: string;
}

/** What one test call showed; nothing in it holds the key. */
export interface TestResult {
  /** `unreachable` says nothing about the key. */
  readonly verdict: VerdictName;
  readonly explanation: string;
  /** The provider's own words, masked. */
  readonly providerText?: string;
  readonly retryAfterMs?: number;
  readonly link?: string;
  /** What a good answer proves and what it does not. */
  readonly proves: string;
  /** The same call for a terminal, with a variable instead of the key. */
  readonly curl: string;
  readonly durationMs: number;
  /** Ids of the models that the answer lists, if it lists any. */
  readonly models?: readonly string[];
}

const DEFAULT_LIMIT_MS = 10_000;
/** Model lists of large servers fit; what does not is no list. */
const MAX_BODY_BYTES = 4 * 1024 * 1024;

/**
 * Asks a provider about a key with the cheapest call there is: only at the connection's own origins, without
 * following redirects, without a proxy of the environment, within a short time.
 */
export class KeyTester {
  readonly #options: KeyTesterOptions;

  constructor(options: KeyTesterOptions) {
    this.#options = options;
  }

  /**
   * Never rejects for what the network or the provider does.
   * @throws AppError `destination_refused`, `not_allowed` for an address that the connection may not call.
   */
  async test(input: KeyTest): Promise<TestResult> {
    const { provider, settings, value } = input;
    const call = provider.testCall(settings);
    if (!provider.origins(settings).includes(new URL(call.url).origin)) {
      throw new AppError("destination_refused", "the test call would leave the connection's own address");
    }
    const startMs = this.#options.clock.monotonicMs();
    const { verdict, models } = await this.#ask(input, call);
    return {
      verdict: verdict.name,
      explanation: verdict.explanation,
      ...(verdict.providerText === undefined
        ? {}
        : { providerText: maskSecrets(verdict.providerText, [value.reveal()]) }),
      ...(verdict.retryAfterMs === undefined ? {} : { retryAfterMs: verdict.retryAfterMs }),
      ...(verdict.link === undefined ? {} : { link: verdict.link }),
      proves: call.proves,
      curl: curlFor({ provider, settings, call, variable: variableOf(input) }),
      durationMs: this.#options.clock.monotonicMs() - startMs,
      ...(models === undefined ? {} : { models }),
    };
  }

  async #ask(input: KeyTest, call: TestCall): Promise<{ verdict: Verdict; models?: readonly string[] }> {
    const headers = headersFor(input, call);
    if (!headers) return { verdict: NOT_SENDABLE };
    const limitMs = this.#options.limitMs ?? DEFAULT_LIMIT_MS;
    try {
      const answer = await this.#send(call, headers, input.settings, AbortSignal.timeout(limitMs));
      const verdict = input.provider.verdict(answer);
      const models =
        verdict.name === "ok" ? modelsIn(parseJson(answer.body))?.map(({ id }) => id) : undefined;
      return models ? { verdict, models } : { verdict };
    } catch (error) {
      // Not the network's doing: the connection may not call that address.
      if (error instanceof AppError && error.code === "not_allowed") throw error;
      return { verdict: unreachableVerdict(error, limitMs) };
    }
  }

  async #send(
    call: TestCall,
    headers: Headers,
    settings: ConnectionSettings,
    signal: AbortSignal,
  ): Promise<ProviderAnswer> {
    const init = {
      method: call.method,
      headers,
      ...(call.body === undefined ? {} : { body: JSON.stringify(call.body) }),
      redirect: "manual",
      signal,
      // Bun's: no proxy of the environment. Not in the types.
      proxy: false,
    };
    const response = await this.#options.fetch(call.url, init as unknown as RequestInit, settings);
    // Of what is not UTF-8, or cut within a character, replacement characters are left.
    const { bytes } = await readUpTo(response.body, MAX_BODY_BYTES);
    return { status: response.status, headers: response.headers, body: new TextDecoder().decode(bytes) };
  }
}

/** `undefined` when the key cannot stand in a header: `fetch` would refuse it with an error that repeats it. */
function headersFor({ provider, settings, value }: KeyTest, call: TestCall): Headers | undefined {
  const { pathname } = new URL(call.url);
  const credentials = provider.authHeaders(value.reveal(), settings, {
    method: call.method,
    path: pathname,
    query: "",
  });
  if (!credentials.every(([, text]) => /^[\x20-\x7e]*$/.test(text))) return undefined;
  const headers = new Headers({ accept: "application/json", "user-agent": "ownkey" });
  for (const [name, text] of [...call.headers, ...credentials]) headers.set(name, text);
  if (call.body !== undefined) headers.set("content-type", "application/json");
  return headers;
}

const NOT_SENDABLE: Verdict = {
  name: "invalid_key",
  explanation: "The value holds characters that no header can carry, so it cannot be a key.",
  retryable: false,
};

function variableOf({ provider, variable }: KeyTest): string {
  return variable ?? provider.keyVariables[0] ?? "API_KEY";
}
