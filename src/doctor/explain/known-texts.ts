import type { Verdict } from "../../providers/index.ts";

/** A trouble that no provider tells of, because it was never reached, or because the tool gave up before. */
export interface KnownTrouble extends Verdict {
  readonly next?: string;
}

interface Known {
  readonly pattern: RegExp;
  readonly trouble: Pick<KnownTrouble, "name" | "explanation" | "retryable"> & { readonly next?: string };
}

const KNOWN: readonly Known[] = [
  {
    pattern: /ssrf_blocked|connection to private IP is blocked/i,
    trouble: {
      name: "unreachable",
      explanation:
        "Cursor's own servers call the base URL, so an address of this machine or network cannot be reached by them.",
      next: "Give Cursor a public https address: ownkey tools connect cursor --tunnel cloudflared",
      retryable: false,
    },
  },
  {
    pattern: /Invalid auth method selected/,
    trouble: {
      name: "wrong_endpoint",
      explanation: "The Gemini CLI has a base URL but no auth method chosen, and refuses to start so.",
      next: 'Set {"security":{"auth":{"selectedType":"gemini-api-key"}}} in ~/.gemini/settings.json, or: ownkey tools connect gemini-cli',
      retryable: false,
    },
  },
  {
    pattern: /Missing required parameter: '(?:messages|input)'/,
    trouble: {
      name: "wrong_endpoint",
      explanation: "The tool sent a request of one wire format to the route of another one.",
      next: "Cursor: use the base URL …/cursor/v1, which takes both; else choose the format that the tool offers.",
      retryable: false,
    },
  },
  {
    pattern:
      /must provide one of the `base_url` or `azure_endpoint`|baseURL and endpoint are mutually exclusive/,
    trouble: {
      name: "wrong_endpoint",
      explanation: "The Azure SDK was given two addresses, or none.",
      next: "Set AZURE_OPENAI_ENDPOINT and unset OPENAI_BASE_URL for this program.",
      retryable: false,
    },
  },
  {
    pattern:
      /(?:OPENAI|ANTHROPIC|GEMINI|GOOGLE|AZURE)\w{0,30}(?:API_KEY|TOKEN)[^\n]{0,80}(?:missing|not set|is required|must be set|environment variable)|api_key client option must be set|Could not resolve authentication method/i,
    trouble: {
      name: "invalid_key",
      explanation: "The program found no key at all: it never asked the provider.",
      next: "Start it with its variables: ownkey run -- PROGRAM; desktop programs do not see the shell's variables (ownkey explain TOOL)",
      retryable: false,
    },
  },
  {
    pattern: /\bECONNREFUSED\b|ConnectionRefused|Connection refused/i,
    trouble: {
      name: "unreachable",
      explanation: "Nothing listens at the address. When it is Ownkey's own, Ownkey is not running.",
      next: "ownkey status; ownkey up --detach; to have it always running: ownkey service install",
      retryable: true,
    },
  },
  {
    pattern: /\bENOTFOUND\b|\bEAI_AGAIN\b|getaddrinfo|Name or service not known|nodename nor servname/i,
    trouble: {
      name: "unreachable",
      explanation:
        "The name in the address is not found: misspelt, or the network's name service does not answer.",
      retryable: true,
    },
  },
  {
    pattern:
      /CERTIFICATE_VERIFY_FAILED|SELF_SIGNED_CERT|UNABLE_TO_(?:VERIFY|GET_ISSUER)|certificate verify failed|self[- ]signed certificate/i,
    trouble: {
      name: "unreachable",
      explanation:
        "The certificate at the address is not trusted here; a company's proxy often brings its own.",
      next: "Have the company's root certificate installed (NODE_EXTRA_CA_CERTS, SSL_CERT_FILE); never switch the check off.",
      retryable: false,
    },
  },
  {
    pattern: /\bETIMEDOUT\b|APITimeoutError|Request timed out|ConnectTimeout|ReadTimeout/i,
    trouble: { name: "unreachable", explanation: "No answer came in time.", retryable: true },
  },
  {
    pattern: /\bAPIConnectionError\b|\bECONNRESET\b|fetch failed|Connection error\./,
    trouble: {
      name: "unreachable",
      explanation: "The connection could not be made, or was cut.",
      retryable: true,
    },
  },
];

/** `undefined` when an answer of a provider has to be read. */
export function knownText(text: string): KnownTrouble | undefined {
  const found = KNOWN.find(({ pattern }) => pattern.test(text));
  return found && { ...found.trouble, providerText: firstLine(text, found.pattern) };
}

/** The line that tells it: what stands around it is a stack. */
function firstLine(text: string, pattern: RegExp): string {
  return text.split("\n").find((line) => pattern.test(line)) ?? text.slice(0, 500);
}
