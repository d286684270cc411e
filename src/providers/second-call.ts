import type { ConnectionSettings, Provider, TestCall } from "./provider.ts";
import type { VerdictName } from "./verdict.ts";

/** A free call that proves what the cheapest one leaves open. */
export interface SecondCall {
  readonly call: TestCall;
  /** Answers besides `ok` that prove as much. */
  readonly alsoGood: readonly VerdictName[];
}

/**
 * The second look at a key, with the model or deployment that it is used for; `undefined` where there is none, or no
 * model is known. None of these calls costs anything.
 */
export function secondCall(
  provider: Provider,
  settings: ConnectionSettings,
  listed: readonly string[] = [],
): SecondCall | undefined {
  const look = CALLS[provider.id];
  return look({ provider, settings, model: settings.model ?? listed[0] });
}

interface Looked {
  readonly provider: Provider;
  readonly settings: ConnectionSettings;
  readonly model: string | undefined;
}

const ANTHROPIC_VERSION = "2023-06-01";

/** Only a model that somebody chose: the first of a long list may be one that nobody may use. */
const oneModel = ({ provider, settings }: Looked): SecondCall | undefined =>
  settings.model === undefined
    ? undefined
    : {
        call: {
          method: "GET",
          url: urlOf(provider, settings, "GET", `/v1/models/${encodeURIComponent(settings.model)}`),
          headers: [],
          proves: `The key may use ${settings.model}. It does not prove that there is credit.`,
        },
        alsoGood: [],
      };

const CALLS: Readonly<Record<Provider["id"], (looked: Looked) => SecondCall | undefined>> = {
  openai: oneModel,
  "openai-compatible": ({ provider, ...looked }) =>
    // Servers without a route for one model answer 404 for every one.
    provider.preset === "groq" ? oneModel({ provider, ...looked }) : undefined,
  anthropic: ({ provider, settings, model }) =>
    model === undefined
      ? undefined
      : {
          call: {
            method: "POST",
            url: urlOf(provider, settings, "POST", "/v1/messages/count_tokens"),
            headers: [["anthropic-version", ANTHROPIC_VERSION]],
            body: { model, messages: [{ role: "user", content: "hi" }] },
            proves: `The key may use ${model}, and no billing block stands in the way.`,
          },
          alsoGood: [],
        },
  google: ({ provider, settings, model }) => {
    if (model === undefined) return undefined;
    const name = model.replace(/^models\//, "");
    return {
      call: {
        method: "POST",
        url: urlOf(provider, settings, "POST", `/v1beta/models/${encodeURIComponent(name)}:countTokens`),
        headers: [],
        body: { contents: [{ parts: [{ text: "hi" }] }] },
        proves: `The key may use ${name}. Only a real request shows whether there is credit.`,
      },
      alsoGood: [],
    };
  },
  azure: ({ provider, settings }) => {
    const deployment = settings.model ?? Object.keys(settings.deployments ?? {})[0];
    if (deployment === undefined) return undefined;
    const name = provider.upstreamModel(settings, deployment);
    return {
      call: {
        method: "POST",
        url: urlOf(provider, settings, "POST", "/openai/v1/chat/completions"),
        headers: [],
        // Refused as a request once the deployment is found, and so free: listing models does not tell deployments.
        body: { model: name, messages: [] },
        proves: `The deployment ${name} is there and the key may use it.`,
      },
      alsoGood: ["bad_request"],
    };
  },
};

function urlOf(provider: Provider, settings: ConnectionSettings, method: string, path: string): string {
  return provider.upstreamUrl(settings, { method, path, query: "" }).href;
}
