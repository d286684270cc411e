import { type Provider, PROVIDERS } from "../../providers/index.ts";

/**
 * Whose key it is, going by the address that it is used at: tools call many services "OpenAI", and only the address
 * tells Groq from OpenRouter. An address of nobody that is known leaves it at the first guess.
 */
export function providerAt(guess: Provider, baseUrl: string | undefined): Provider {
  const host = hostOf(baseUrl);
  if (host === undefined || host === hostOf(guess.defaultBaseUrl)) return guess;
  return (
    PROVIDERS.find(
      ({ defaultBaseUrl, regionalBaseUrls = {} }) =>
        [defaultBaseUrl, ...Object.values(regionalBaseUrls)].some((known) => hostOf(known) === host) &&
        !isLocal(host),
    ) ?? guess
  );
}

export function hostOf(url: string | undefined): string | undefined {
  if (url === undefined || url === "") return undefined;
  try {
    return new URL(/^[a-z]+:\/\//i.test(url) ? url : `https://${url}`).host;
  } catch {
    return undefined;
  }
}

function isLocal(host: string): boolean {
  return /^(?:localhost|127\.|\[::1\])/.test(host);
}
