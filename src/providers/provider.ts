import type { Json } from "../kernel/index.ts";
import type { UsageReading } from "./usage.ts";
import type { Verdict } from "./verdict.ts";

/**
 * What a provider is: data and pure functions, one folder each. Nothing here performs I/O, and nobody outside
 * `providers/` compares provider names.
 */
export const PROVIDER_IDS = ["openai", "anthropic", "azure", "google", "openai-compatible"] as const;
export type ProviderId = (typeof PROVIDER_IDS)[number];

/** The wire format a caller speaks: it shapes our own errors, the meter and where credentials are looked for. */
export type Dialect = "openai" | "anthropic" | "google";

/** Where and how to reach a provider; what a connection stores. All URLs are absolute, without a trailing slash. */
export interface ConnectionSettings {
  /** Inference base, without its version segment: `https://api.openai.com`. */
  readonly baseUrl: string;
  /** Base of the admin API, where it differs. */
  readonly adminBaseUrl?: string;
  readonly organization?: string;
  readonly project?: string;
  readonly region?: string;
  /** Azure: deployment name → model that it runs (empty when not told). */
  readonly deployments?: Readonly<Record<string, string>>;
  /** Azure: version of the dated route; the v1 route needs none. */
  readonly apiVersion?: string;
  /** openai-compatible: what stands for `/v1` at this server, `/v4` or nothing; absent = `/v1`. */
  readonly versionPath?: string;
  /** Default and test model. */
  readonly model?: string;
  /** Private and link-local addresses may be called. */
  readonly allowPrivate?: boolean;
  /** Plain http may be used to a host other than loopback. */
  readonly insecureHttp?: boolean;
}

export interface ConsoleLinks {
  /** Absent only for servers that the user names: nobody knows their console. */
  readonly keys?: string;
  readonly usage?: string;
  readonly billing?: string;
  readonly limits?: string;
  readonly status?: string;
}

/** What the provider's own API can do for key management (facts: overview). Later rooms build on it. */
export interface Capabilities {
  readonly createKey: boolean;
  readonly disableKey: boolean;
  readonly deleteKey: boolean;
  readonly listKeyHints: boolean;
  readonly keySlots: 0 | 2;
  readonly expiringKeys: boolean;
  readonly usagePerKey: boolean;
  readonly costPerKey: boolean;
  readonly hardLimit: boolean;
}

/** A format that keys of this provider are known to have. A hint, never a reason to refuse. */
export interface KeyFormat {
  readonly id: string;
  readonly kind: "inference" | "admin" | "oauth" | "cloud";
  readonly prefix: string;
  /** Anchored pattern of the whole value, linear time. */
  readonly pattern: RegExp;
  readonly title: string;
}

/** What a route is for: decides how it is metered, bounded and routed. */
export type RouteKind =
  | "chat"
  | "responses"
  | "completions"
  | "messages"
  | "generate"
  | "embeddings"
  | "images"
  | "audio_speech"
  | "audio_transcription"
  | "moderations"
  | "count_tokens"
  | "models"
  | "files"
  | "other";

/**
 * One inference route of a provider, in the canonical form of {@link RouteRequest.path}. The first rule that
 * matches decides; what no rule matches needs `--paths` on the virtual key; `denied` wins over everything.
 */
export interface RouteRule {
  readonly method: "GET" | "POST" | "DELETE" | "HEAD";
  /** Segments; `:x` matches one segment, `:model*` one or more, a final `:verb` part is written out (`:model:countTokens`). */
  readonly path: string;
  readonly kind: RouteKind;
  /** The largest request body that is carried. */
  readonly maxBodyBytes: number;
  /** True when no request on this route can cost money at the provider. */
  readonly free?: boolean;
  /** True for routes whose answer names stored objects (files, responses, batches). */
  readonly stores?: "file" | "response" | "batch" | "thread" | "cached_content";
}

/** A call as the gateway understands it, before it is mapped to a provider's URL. */
export interface RouteRequest {
  readonly method: string;
  /** Canonical path with version segment: `/v1/chat/completions`, `/v1beta/models/m:generateContent`,
   * `/openai/deployments/d/chat/completions`, `/openai/v1/responses`. */
  readonly path: string;
  /** Query without credentials, as received, without `?`. */
  readonly query: string;
}

/** The cheapest call that proves a key. */
export interface TestCall {
  readonly method: "GET" | "POST";
  readonly url: string;
  readonly headers: readonly (readonly [string, string])[];
  readonly body?: Json;
  /** What a good answer proves and what it does not, for people. */
  readonly proves: string;
}

export interface ProviderAnswer {
  readonly status: number;
  readonly headers: Headers;
  /** The body as text, cut at 64 KiB. */
  readonly body: string;
}

/** What a variable beside a key's own can say about its connection. */
export type VariableSetting =
  | "baseUrl"
  | "organization"
  | "project"
  | "deployment"
  | "apiVersion"
  | "region"
  | "model";

export interface Provider {
  readonly id: ProviderId;
  /** Name of the preset (`groq`, …) when this is an openai-compatible provider made from one. */
  readonly preset: string | null;
  readonly title: string;
  readonly dialect: Dialect;
  readonly aliases: readonly string[];
  readonly capabilities: Capabilities;
  readonly links: ConsoleLinks;
  readonly keyFormats: readonly KeyFormat[];
  /** Variables that usually hold a key, the usual one first. */
  readonly keyVariables: readonly string[];
  /** Variables in which SDKs and tools expect settings that belong to the key. */
  readonly settingVariables?: Readonly<Record<string, VariableSetting>>;
  /** True for local servers that need no key: an empty value may be stored, and no credential is sent for it. */
  readonly keyOptional: boolean;
  /**
   * How usage is had on routes in OpenAI's chat and completions format: `option` = it has to be asked for with
   * `stream_options.include_usage`; `always` = it comes by itself, and the server may refuse the option as unknown.
   */
  readonly streamUsage: "option" | "always";
  /**
   * How its limits come free: `continuous` = a little at any time, and the told reset is when all of it is back;
   * `window` = all of it at the reset. Absent = `window`.
   */
  readonly rateRefill?: "continuous" | "window";
  /** Base URL of the public service; `undefined` when the user has to give one. */
  readonly defaultBaseUrl: string | undefined;
  /** Base URLs of regions with data residency, by the region's name. */
  readonly regionalBaseUrls?: Readonly<Record<string, string>>;
  readonly routes: readonly RouteRule[];
  /** Never carried, whatever the virtual key allows: patterns as in {@link RouteRule.path}. */
  readonly denied: readonly string[];
  /** Request headers that identify an account and come from the connection only. */
  readonly accountHeaders: readonly string[];

  /** The upstream URL for a canonical call. The origin is always that of `settings`. */
  upstreamUrl(settings: ConnectionSettings, request: RouteRequest): URL;
  /**
   * The name that the provider knows a model by, for the body's `model`: on Azure a model name that exactly one
   * deployment runs becomes that deployment. Elsewhere the name itself.
   */
  upstreamModel(settings: ConnectionSettings, model: string): string;
  /**
   * Credential and account headers to add; exactly one credential. The key is revealed by the caller, at the last
   * moment. Pass the request: some routes of one provider (Gemini's `/v1beta/openai`) want another header.
   */
  authHeaders(
    key: string,
    settings: ConnectionSettings,
    request?: RouteRequest,
  ): readonly (readonly [string, string])[];
  /** Origins that a key of this connection may ever be sent to. */
  origins(settings: ConnectionSettings): readonly string[];
  testCall(settings: ConnectionSettings): TestCall;
  /** Reads an answer that is not a success; also called for 200 bodies that hold an error. */
  verdict(answer: ProviderAnswer): Verdict;
  /** Usage as far as the piece tells: a JSON answer as a whole (`isWhole`), or one event of a stream. */
  readUsage(kind: RouteKind, piece: Json, isWhole: boolean): UsageReading | undefined;
}
