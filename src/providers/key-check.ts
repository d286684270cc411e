import type { ConnectionSettings, KeyFormat, Provider } from "./provider.ts";
import { bestFormats, type KnownFormat } from "./key-families.ts";
import { type KeyProblem, refusal } from "./key-problem.ts";
import { unwrapPasted } from "./pasted-key.ts";

export interface KeyCheckOptions {
  /** What the key is to be used for. */
  readonly kind: "inference" | "admin";
  readonly settings: ConnectionSettings;
}

export interface LocalKeyCheck {
  /** The value to go on with: without what was pasted around it. */
  readonly value: string;
  readonly problems: readonly KeyProblem[];
}

/**
 * Looks at a pasted value before any call. Refuses only what is clearly something else (empty, redacted, another
 * provider's key, an admin key for requests, a login token); a strange shape alone is at most a warning, since
 * providers change their formats without notice.
 */
export function checkKeyLocally(provider: Provider, pasted: string, options: KeyCheckOptions): LocalKeyCheck {
  if (pasted.length > MAX_KEY_CHARS) return { value: pasted, problems: [tooLong(pasted)] };
  const { value, problems } = unwrapPasted(pasted);
  return {
    value,
    problems: [...problems, ...judge(provider, value, options), ...judgeEndpoint(options.settings)],
  };
}

/** Far above every key seen, and small enough that each pattern below is cheap. */
const MAX_KEY_CHARS = 8192;

function tooLong(pasted: string): KeyProblem {
  return refusal(
    "too_long",
    `the value has ${pasted.length} characters; no key is that long`,
    "give the key alone",
  );
}

function judge(provider: Provider, value: string, options: KeyCheckOptions): KeyProblem[] {
  if (value === "")
    return provider.keyOptional ? [] : [refusal("empty", "the value is empty", "paste the whole key")];
  const wrong = notAKey(value) ?? foreign(provider, value, options);
  if (wrong) return [wrong];
  const own = provider.keyFormats.filter((format) => format.prefix !== "");
  const unusual = own.length > 0 && !own.some((format) => format.pattern.test(value));
  return unusual ? [unusualShape(provider)] : [];
}

function notAKey(value: string): KeyProblem | undefined {
  if (/…|\.{3}|\*{3}|•{2}|\[secret\]|redacted/i.test(value)) {
    return refusal(
      "redacted",
      "this is a shortened form of a key, not the key",
      "copy the whole key where it was made",
    );
  }
  if (/^\$\{?\w+\}?$|^<[^<>]*>$|^\{\{.*\}\}$|your[-_ ]?(?:api[-_ ]?)?key|x{8}/i.test(value)) {
    return refusal(
      "placeholder",
      "this is a placeholder or the name of a variable",
      "give the value: --from-env NAME reads it",
    );
  }
  if (!/^[\x20-\x7e]*$/.test(value)) {
    return refusal(
      "not_a_header_value",
      "there are control or non-ASCII characters in the value",
      "copy the key again",
    );
  }
  if (/\s/.test(value))
    return refusal("inner_space", "there is white space inside the value", "copy the key again");
  return undefined;
}

function foreign(provider: Provider, value: string, { kind }: KeyCheckOptions): KeyProblem | undefined {
  if (value.startsWith("sk-ownkey-")) {
    return refusal(
      "virtual_key",
      "this is one of Ownkey's own virtual keys",
      "give the key that the provider issued",
    );
  }
  const formats = bestFormats(value);
  const own = formats.find(({ owner }) => owner === provider);
  if (own) return wrongKind(own.format, kind, provider);
  const other = formats[0];
  return other && otherIssuer(provider, other);
}

function wrongKind(
  format: KeyFormat,
  kind: KeyCheckOptions["kind"],
  provider: Provider,
): KeyProblem | undefined {
  if (format.kind === "oauth") {
    return refusal("oauth_token", `this is a ${format.title}, not an API key`, createHint(provider));
  }
  if (format.kind === "admin" && kind === "inference") {
    const message = `this is a key that manages keys (${format.title}) and cannot serve requests`;
    return refusal("admin_key", message, "add it with --admin, and a usual key for requests");
  }
  if (format.kind === "inference" && kind === "admin" && tells(format)) {
    return refusal(
      "inference_key",
      `this key serves requests (${format.title}) and cannot manage keys`,
      "leave out --admin",
    );
  }
  return undefined;
}

/** `sk-` alone tells nothing: half of all providers use it. */
function tells(format: KeyFormat): boolean {
  return format.prefix !== "sk-";
}

/** Names that are spoken with a vowel first, "xAI" among them. */
function withArticle(title: string): string {
  return `${/^[aeiox]/i.test(title) ? "an" : "a"} ${title}`;
}

/** A server that the user names may take any credential, so there it is only worth a warning. */
function otherIssuer(provider: Provider, { owner, format }: KnownFormat): KeyProblem | undefined {
  if (!tells(format)) return undefined;
  const open = provider.id === "openai-compatible" && provider.preset === null;
  return {
    severity: open ? "warn" : "refuse",
    code: "other_provider",
    message: `this looks like ${withArticle(format.title)}, not like a key of ${provider.title}`,
    hint: owner ? `to add it there: ownkey keys add ${owner.preset ?? owner.id}` : createHint(provider),
  };
}

function unusualShape(provider: Provider): KeyProblem {
  return {
    severity: "warn",
    code: "unusual_shape",
    message: `keys of ${provider.title} usually look different`,
    hint: "the test call will tell whether it works",
  };
}

function judgeEndpoint(settings: ConnectionSettings): KeyProblem[] {
  if (!settings.insecureHttp || !settings.baseUrl.startsWith("http:")) return [];
  return [
    {
      severity: "warn",
      code: "plain_http",
      message: "the key will travel unencrypted: the base URL is plain http",
      hint: "use https wherever the server has it",
    },
  ];
}

function createHint(provider: Provider): string {
  return provider.links.keys ? `create a key at ${provider.links.keys}` : "create an API key at the provider";
}
