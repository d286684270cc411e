import { matchesAny, type VirtualKeyPolicy } from "../access/index.ts";
import type { Connection, ProviderKey } from "../connections/index.ts";
import { AppError } from "../kernel/index.ts";
import type { Dialect, RouteRequest, RouteRule } from "../providers/index.ts";
import { allowedRoute, checkModel, pathRefused } from "./allowed.ts";
import { choicesOf, outputLimitOf } from "./asked-output.ts";
import { tooLarge } from "./body.ts";
import type { BodyKeeping } from "./body-keeping.ts";
import { type Candidate, chooseConnection, usableConnections } from "./choose-connection.ts";
import { type Edit, includeUsage, replaceText, splice } from "./edits.ts";
import { notAllowed } from "./errors.ts";
import { forwardedHeaders } from "./headers.ts";
import type { Authenticated, Directory, ProviderRegistry } from "./parts.ts";
import { checkOwnership } from "./ownership.ts";
import type { Plan } from "./plan.ts";
import type { ScannedJson } from "./json-scan.ts";
import { type Reading, readRequest } from "./reading.ts";
import type { RequestHeaders } from "./request-headers.ts";
import { createRouteLookup, type RouteLookup } from "./route-cache.ts";
import { isListing, type StoredObjects } from "./stored-objects.ts";
import type { Target } from "./target.ts";

export interface PlannerOptions {
  directory: Directory;
  providers: ProviderRegistry;
  storedObjects: StoredObjects;
  keyedHash: (purpose: string, data: Uint8Array) => Uint8Array;
}

export interface Incoming {
  readonly request: Request;
  readonly method: string;
  /** As the server made it of Host and request line. */
  readonly url: string;
  readonly headers: RequestHeaders;
  readonly target: Target;
  readonly caller: Authenticated;
  readonly dialect: Dialect;
  readonly requestId: string;
  readonly startedAtMs: number;
  readonly startedMonotonicMs: number;
  /** Where its body is kept; none for a small one. */
  readonly keeping?: BodyKeeping | undefined;
}

/** Decides everything about a request before anything leaves. @throws AppError for whatever is refused. */
export type Planner = (incoming: Incoming) => Plan | Promise<Plan>;

export function createPlanner({ directory, providers, storedObjects, keyedHash }: PlannerOptions): Planner {
  const routeOf = createRouteLookup(providers);

  /** Everything is known of the request. */
  function decide(
    incoming: Incoming,
    candidates: readonly Candidate[],
    reading: Reading,
  ): Plan | Promise<Plan> {
    const { target, caller, dialect } = incoming;
    const { policy } = caller.virtualKey;
    const inBody = reading.modelIsInPath ? undefined : reading.model;
    const wish = { isNamed: target.connection !== null, dialect, model: inBody };
    const { candidate, model = reading.model } = chooseConnection(candidates, policy, wish);
    const { rule } = candidate;
    if (rule === undefined) throw pathRefused(incoming.method, target.path);
    checkModel(policy, rule, model);
    checkAlternatives(policy, reading);
    const chosen: Chosen = { reading, candidate, rule, model };
    const namesObjects = rule.stores !== undefined || (reading.scanned?.references.size ?? 0) > 0;
    return namesObjects
      ? checkObjects(incoming, chosen).then(() => planOf(incoming, chosen))
      : planOf(incoming, chosen);
  }

  function checkObjects({ caller, target }: Incoming, { reading, candidate, rule }: Chosen): Promise<void> {
    const { provider, settings } = candidate.connection;
    const sameAccount = directory
      .connections()
      .filter((other) => other.provider === provider && other.settings.baseUrl === settings.baseUrl);
    return checkOwnership(storedObjects, {
      virtualKey: caller.virtualKey,
      connection: candidate.connection,
      sameAccount,
      rule,
      path: target.path,
      references: reading.scanned?.references ?? NO_REFERENCES,
    });
  }

  function planOf(incoming: Incoming, { reading, candidate, rule, model }: Chosen): Plan {
    const { request, method, headers, target, caller } = incoming;
    const { policy } = caller.virtualKey;
    const { connection, provider } = candidate;
    const providerKey = directory.keyOf(connection.id) ?? noKey(connection.name);
    const call: RouteRequest = { method, path: target.path, query: target.query };
    const edited = edit(reading, candidate, rule, model);
    const modelPriced = model === undefined ? null : runBy(connection, model);
    return {
      requestId: incoming.requestId,
      startedAtMs: incoming.startedAtMs,
      startedMonotonicMs: incoming.startedMonotonicMs,
      caller,
      // Budgets and limits go by it: whom a key belongs to, no path can say otherwise.
      tool: caller.tool ?? policy.tool ?? target.tool,
      connection,
      provider,
      providerKey,
      rule,
      method,
      call,
      url:
        target.query === ""
          ? routeOf(connection, method, target.path).url()
          : provider.upstreamUrl(connection.settings, call),
      headers: forwardedHeaders(headers, {
        decoded: reading.decoded,
        accountHeaders: provider.accountHeaders,
        uploadBytes: reading.upload === null ? undefined : reading.sizeBytes,
      }),
      body: edited.bytes ?? reading.upload,
      bytesIn: reading.sizeBytes,
      bodyHash: hashOf(keyedHash, reading.bytes),
      stream: reading.stream,
      hideUsage: edited.hideUsage,
      filterList: isListing(rule, method) && !matchesAny(policy.paths, target.path),
      modelRequested: model ?? null,
      modelPriced,
      modelCounted: namesOthers(reading) ? null : modelPriced,
      outputLimit: outputLimitOf(rule.kind, reading.scanned),
      choices: choicesOf(rule.kind, reading.scanned),
      clientSignal: request.signal,
      callerUrl: incoming.url,
    };
  }

  return (incoming) => {
    const { request, method, headers, target, caller, keeping } = incoming;
    const { policy } = caller.virtualKey;
    const usable = usableConnections(directory.connections(), policy, target.connection);
    const candidates = candidatesFor(usable, routeOf, policy, method, target.path);
    // Nobody may send a body to a route that nobody may use.
    if (candidates.every(hasNoRule)) throw pathRefused(method, target.path);
    const reading = readRequest({ request, method, headers, target, candidates, keeping });
    return reading instanceof Promise
      ? reading.then((read) => decide(incoming, candidates, read))
      : decide(incoming, candidates, reading);
  };
}

/** Where a request goes, and as what. */
interface Chosen {
  readonly reading: Reading;
  readonly candidate: Candidate;
  readonly rule: RouteRule;
  readonly model: string | undefined;
}

function candidatesFor(
  usable: readonly Connection[],
  routeOf: RouteLookup,
  policy: VirtualKeyPolicy,
  method: string,
  path: string,
): readonly Candidate[] {
  const candidates: Candidate[] = [];
  for (const connection of usable) {
    const route = routeOf(connection, method, path);
    const rule = allowedRoute(route.rule, policy, method, path);
    candidates.push({ connection, provider: route.provider, rule });
  }
  return candidates;
}

const NO_REFERENCES: ReadonlySet<string> = new Set();

function hasNoRule({ rule }: Candidate): boolean {
  return rule === undefined;
}

/** The listed edits of the body, spliced in. */
function edit(
  reading: Reading,
  { connection, provider }: Candidate,
  rule: RouteRule,
  model: string | undefined,
): { bytes: Uint8Array | null; hideUsage: boolean } {
  const { bytes, scanned } = reading;
  if (reading.sizeBytes > rule.maxBodyBytes) throw tooLarge(rule.maxBodyBytes);
  if (bytes === null || scanned === undefined) return { bytes, hideUsage: false };
  const edits: Edit[] = [];
  const named = scanned.members.get("model");
  if (named?.kind === "string" && model !== undefined) {
    const upstream = provider.upstreamModel(connection.settings, model);
    if (upstream !== reading.model) edits.push(replaceText(named, upstream));
  }
  // These two kinds are OpenAI's wire format, whoever serves them.
  const tellsUsage = reading.stream && (rule.kind === "chat" || rule.kind === "completions");
  const usage = tellsUsage && provider.streamUsage === "option" ? includeUsage(scanned) : undefined;
  if (usage !== undefined) edits.push(usage);
  return { bytes: splice(bytes, edits), hideUsage: usage !== undefined };
}

/** A list of other models to fall back to, or a tool with one of its own, would go round the list of allowed ones. */
function checkAlternatives(policy: VirtualKeyPolicy, { scanned }: Reading): void {
  if (policy.models.length > 0 && scanned !== undefined) checkOtherModels(policy, scanned);
}

function checkOtherModels(policy: VirtualKeyPolicy, scanned: ScannedJson): void {
  const other = scanned.toolModels.find((model) => !matchesAny(policy.models, model));
  if (other !== undefined) {
    throw notAllowed(
      "model",
      "this virtual key may use certain models only, and a tool of the request names another",
      `allowed: ${policy.models.join(", ")}`,
    );
  }
  if (!namesAlternatives(scanned)) return;
  throw notAllowed(
    "model",
    "this virtual key may use certain models only, and the request names alternatives",
    "leave out `models` and `fallbacks`",
  );
}

function namesAlternatives({ members }: ScannedJson): boolean {
  return members.has("models") || members.has("fallbacks");
}

/** Another model than that of the request may do some of the work, or all of it. */
function namesOthers({ scanned }: Reading): boolean {
  return scanned !== undefined && (namesAlternatives(scanned) || scanned.toolModels.length > 0);
}

/** The model that a deployment of this name runs, however it is capitalised; any other name stands for itself. */
function runBy({ settings: { deployments = {} } }: Connection, model: string): string {
  return Object.hasOwn(deployments, model) ? deployments[model] || model : runByFolded(deployments, model);
}

function runByFolded(deployments: Readonly<Record<string, string>>, model: string): string {
  const folded = model.toLowerCase();
  const [, runs] = Object.entries(deployments).find(([name]) => name.toLowerCase() === folded) ?? [];
  return runs || model;
}

/** First 16 bytes; none while the vault is locked, as then there is no key to hash with. */
function hashOf(keyedHash: PlannerOptions["keyedHash"], bytes: Uint8Array | null): Uint8Array | null {
  if (bytes === null) return null;
  try {
    return keyedHash("request-body", bytes).slice(0, 16);
  } catch (error) {
    if (error instanceof AppError && error.code === "vault_locked") return null;
    throw error;
  }
}

function noKey(connection: string): ProviderKey {
  throw new AppError("no_connection", `the connection "${connection}" has no key in use`, {
    hint: "add or enable one: ownkey keys list",
  });
}
