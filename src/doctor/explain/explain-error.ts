import { ERROR_CODES, type ErrorCode, maskSecrets, objectAt, stringAt } from "../../kernel/index.ts";
import {
  likelyProvider,
  type Provider,
  providerById,
  retirementOf,
  type Verdict,
  type VerdictName,
} from "../../providers/index.ts";
import type { ChecklistItem } from "../check.ts";
import { GUIDES, openItems } from "./guides.ts";
import { knownText } from "./known-texts.ts";
import { OWN_ERRORS } from "./own-errors.ts";
import { type PastedError, readPasted } from "./pasted.ts";

export interface ExplainErrorOptions {
  /** When the user knows whose error it is. */
  readonly provider?: Provider | undefined;
  readonly nowMs: number;
}

/** What a pasted error means. Every text of others in it is masked and cut. */
export interface ErrorExplanation {
  /** `null` for Ownkey's own refusals. */
  readonly verdict: VerdictName | null;
  /** The code of Ownkey's own refusal. */
  readonly code: ErrorCode | null;
  readonly title: string;
  /** Provider or preset. */
  readonly provider: string | null;
  /** The provider was not told, but read from the text. */
  readonly providerGuessed: boolean;
  readonly status: number | null;
  readonly cause: string;
  readonly said: string | null;
  readonly checklist: readonly ChecklistItem[];
  readonly next: string;
  readonly link: string | null;
  readonly retryable: boolean;
  readonly retryAfterMs: number | null;
}

const MAX_SAID_CHARS = 500;

/** Reads what people paste; pure, asks nobody, never throws. */
export function explainError(pasted: string, { provider, nowMs }: ExplainErrorOptions): ErrorExplanation {
  const read = readPasted(pasted);
  const own = ownCode(read);
  if (own !== undefined) return ownExplanation(own, read);
  const known = knownText(read.text);
  const guessed = provider ?? likelyProvider(read.text);
  const asked = guessed ?? providerById("openai");
  const verdict: Verdict = known ?? verdictOf(asked, read);
  const guide = GUIDES[verdict.name];
  const retired = verdict.name === "model_not_available" ? retirementIn(asked, read.text, nowMs) : undefined;
  const link = verdict.link ?? (guide.page && guessed ? guessed.links[guide.page] : undefined);
  return {
    verdict: verdict.name,
    code: null,
    title: guide.title,
    provider: guessed ? (guessed.preset ?? guessed.id) : null,
    providerGuessed: provider === undefined && guessed !== undefined,
    status: read.status === 0 ? null : read.status,
    cause: retired ?? maskSecrets(verdict.explanation),
    said: saidOf(verdict.providerText),
    checklist: openItems(guide),
    next: known?.next ?? guide.next,
    link: link ?? null,
    retryable: verdict.retryable,
    retryAfterMs: verdict.retryAfterMs ?? null,
  };
}

function verdictOf(provider: Provider, { status, headers, body, document, text }: PastedError): Verdict {
  if (document || status !== 0)
    return provider.verdict({ status: status === 0 ? 200 : status, headers, body });
  // Words alone, as a log has them: put into the form that the provider's table reads.
  const [impliedStatus, code] =
    (IMPLIED.find(([pattern]) => pattern.test(text))?.slice(1) as [number, string] | [] | undefined) ?? [];
  if (impliedStatus === undefined) {
    return {
      name: "unknown",
      explanation: "Nothing in this text tells what went wrong.",
      retryable: false,
      providerText: text,
    };
  }
  const error = {
    message: text.trim().slice(0, MAX_SAID_CHARS),
    ...(code === undefined ? {} : { code, type: code }),
  };
  return provider.verdict({ status: impliedStatus, headers, body: JSON.stringify({ error }) });
}

/** What providers' words say without a status beside them. */
const IMPLIED: readonly (readonly [RegExp, number, string?])[] = [
  [/reported as leaked/i, 403],
  [
    /exceeded your current quota|insufficient[_ ](?:quota|balance|credits)|credit balance is too low|prepayment credits/i,
    429,
    "insufficient_quota",
  ],
  [/rate[ _-]?limit|too many requests/i, 429],
  [
    /model[^.\n]{0,120}(?:does not exist|not found|not available|is not supported|decommissioned|deprecated)/i,
    404,
    "model_not_found",
  ],
  [/deployment[^.\n]{0,60}(?:does not exist|not found)/i, 404, "DeploymentNotFound"],
  [/missing scopes?|insufficient permissions|permission denied/i, 403],
  [
    /(?:incorrect|invalid|wrong|expired|unknown|no) (?:api[ -]?key|x-api-key)|api key not (?:valid|found)|unauthori[sz]ed|authentication (?:failed|error)/i,
    401,
  ],
  [/overloaded|service unavailable|internal server error|bad gateway/i, 503],
];

/** A refusal of the gateway, by the code in its document or in the text of an SDK. */
function ownCode({ document, text }: PastedError): ErrorCode | undefined {
  const error = objectAt(document, "error");
  const code = stringAt(error, "code") ?? stringAt(error, "reason") ?? "";
  if (Object.hasOwn(OWN_ERRORS, code) && !SHARED_CODES.has(code)) return code as ErrorCode;
  const message = `${stringAt(error, "message") ?? ""} ${text}`;
  const named = (Object.keys(OWN_ERRORS) as ErrorCode[]).find(
    (own) => !SHARED_CODES.has(own) && new RegExp(`\\b${own}\\b`).test(message),
  );
  return (
    named ??
    (Object.hasOwn(OWN_ERRORS, code) && /ownkey|this gateway/i.test(text) ? (code as ErrorCode) : undefined)
  );
}

/** Providers use these words, too. */
const SHARED_CODES: ReadonlySet<string> = new Set(["rate_limited", "not_allowed", "too_large", "overloaded"]);

function ownExplanation(code: ErrorCode, { document, status }: PastedError): ErrorExplanation {
  const own = OWN_ERRORS[code];
  return {
    verdict: null,
    code,
    title: own?.title ?? code,
    provider: null,
    providerGuessed: false,
    status: status === 0 ? ERROR_CODES[code].http : status,
    cause: own?.cause ?? "",
    said: saidOf(stringAt(objectAt(document, "error"), "message")),
    checklist: (own?.checklist ?? []).map((text) => ({ text, state: "open" })),
    next: own?.next ?? "",
    link: null,
    retryable: ERROR_CODES[code].http >= 429 && code !== "vault_locked",
    retryAfterMs: null,
  };
}

function saidOf(text: string | undefined): string | null {
  if (text === undefined || text.trim() === "") return null;
  // Masked before it is cut: half a key has no mark.
  const masked = maskSecrets(text.replace(/\s+/g, " ").trim());
  return masked.length > MAX_SAID_CHARS ? `${masked.slice(0, MAX_SAID_CHARS)}…` : masked;
}

/** When the text names a model whose end is known. */
function retirementIn({ id }: Provider, text: string, nowMs: number): string | undefined {
  for (const word of new Set(text.match(/\b[a-z][a-z0-9]{1,20}-[a-z0-9.-]{1,60}\b/g)?.slice(0, 200))) {
    const notice = retirementOf(id, word, nowMs);
    if (!notice?.retired) continue;
    const instead =
      notice.replacement === undefined ? "" : ` The provider names ${notice.replacement} instead.`;
    return `The model ${notice.model.replace(/\*$/, "")} is retired since ${notice.date}.${instead}`;
  }
  return undefined;
}
