/**
 * Keys in source code, notebooks and Lua settings. Only what is certain: an assignment to a variable that an SDK reads,
 * an argument of an SDK's client, and a provider's address written near its key. In notebooks the code stands in JSON
 * strings, so that quotes may have a backslash before them: what is added repeats the quotes that are there.
 */
import { type Provider, sdkVariables } from "../../providers/index.ts";
import {
  connectionUrl,
  lentKey,
  type KeyFile,
  type Lent,
  type Occurrence,
  type Replaced,
  type Rewriter,
} from "./key-file.ts";

const CODE = /\.(?:py|ipynb|js|mjs|cjs|jsx|ts|mts|cts|tsx|rb|lua)$/;

export const rewriteCode: Rewriter = (file, occurrence, lent) => {
  if (!CODE.test(file.path)) return undefined;
  return (
    inAssignment(file, occurrence, lent) ??
    inArgument(file, occurrence, lent) ??
    besideAddress(file, occurrence, lent)
  );
};

const QUOTE = `\\\\?["'\`]`;
/** `os.environ["NAME"] = "`, `process.env.NAME = "`, `ENV["NAME"] = "`, up to the key. */
const ASSIGNED = new RegExp(
  `(?:os\\.environ|process\\.env|ENV)(?:\\[\\s*(?<around>${QUOTE})(?<inside>\\w+)\\k<around>\\s*\\]|\\.(?<name>\\w+))\\s*=\\s*(?<quote>${QUOTE})$`,
);

/** The address in a second assignment behind the first one. */
function inAssignment({ text }: KeyFile, occurrence: Occurrence, lent: Lent): Replaced | undefined {
  const { key, start, end } = occurrence;
  const found = ASSIGNED.exec(lineBefore(text, start));
  const { inside, name = inside ?? "", quote = "" } = found?.groups ?? {};
  const { keys, baseUrls } = sdkVariables(key.provider);
  const [variable] = baseUrls;
  if (!found || !variable || !keys.includes(name) || !text.startsWith(quote, end)) return undefined;
  const baseUrl = connectionUrl(key, lent, variable[1]);
  const again = found[0].replace(name, () => variable[0]) + baseUrl + quote;
  return lentKey(occurrence, lent, {
    baseUrl,
    beside: [{ start: end + quote.length, end: end + quote.length, text: `; ${again}` }],
  });
}

const ARGUMENT = new RegExp(
  `\\b(?:Async)?(?<client>OpenAI|Anthropic)\\(\\s*\\{?(?<others>[^(){}]*?)\\b(?<name>api_key|apiKey)\\s*(?<sign>[=:])\\s*(?<quote>${QUOTE})$`,
);
const LONGEST_ARGUMENTS = 400;

/** The address as one more argument. */
function inArgument({ text }: KeyFile, occurrence: Occurrence, lent: Lent): Replaced | undefined {
  const { key, start, end } = occurrence;
  const found = ARGUMENT.exec(text.slice(Math.max(0, start - LONGEST_ARGUMENTS), start));
  const { client = "", others = "", sign = "", quote = "" } = found?.groups ?? {};
  const rest = /^[^(){}]*/.exec(text.slice(end, end + LONGEST_ARGUMENTS))?.[0] ?? "";
  const dialect = client === "Anthropic" ? "anthropic" : "openai";
  const isPlain = /base_?url/i.test(others + rest)
    ? false
    : sdkVariables(key.provider).apiVersion === undefined;
  if (!found || !isPlain || key.provider.dialect !== dialect || !text.startsWith(quote, end))
    return undefined;
  const baseUrl = connectionUrl(key, lent, dialect === "anthropic" ? "" : "/v1");
  const argument = sign === "=" ? `base_url=${quote}` : `baseURL: ${quote}`;
  return lentKey(occurrence, lent, {
    baseUrl,
    beside: [{ start: end + quote.length, end: end + quote.length, text: `, ${argument}${baseUrl}${quote}` }],
  });
}

const NEAR_CHARS = 600;

/** The provider's own address within reach of the key, and no other one of it there. */
function besideAddress({ text }: KeyFile, occurrence: Occurrence, lent: Lent): Replaced | undefined {
  const { key, start, end } = occurrence;
  const own = withoutVersion(key.provider);
  if (own === undefined) return undefined;
  const from = Math.max(0, start - NEAR_CHARS);
  const near = text.slice(from, end + NEAR_CHARS);
  const at = near.indexOf(own);
  const next = near[at + own.length] ?? "";
  if (at < 0 || near.includes(own, at + 1) || !/["'`/\\]/.test(next)) return undefined;
  const baseUrl = connectionUrl(key, lent, "");
  return lentKey(occurrence, lent, {
    baseUrl,
    beside: [{ start: from + at, end: from + at + own.length, text: baseUrl }],
  });
}

/** What the gateway's address of a connection stands for. */
function withoutVersion({ defaultBaseUrl }: Provider): string | undefined {
  return defaultBaseUrl?.replace(/\/+$/, "").replace(/\/v\d+(?:beta)?$/, "");
}

function lineBefore(text: string, at: number): string {
  return text.slice(Math.max(text.lastIndexOf("\n", at - 1) + 1, at - LONGEST_ARGUMENTS), at);
}
