// A gateway over real sockets with everything around it faked: for the tests of this room.
import { tmpdir } from "node:os";
import type { VirtualKey, VirtualKeyPolicy } from "../access/index.ts";
import { ProviderRates, Rates } from "../budgets/index.ts";
import type { Connection, ProviderKey } from "../connections/index.ts";
import {
  AppError,
  idMaker,
  type Log,
  Secret,
  silentLog,
  systemClock,
  systemRandomness,
  UNKNOWN_USAGE,
} from "../kernel/index.ts";
import type { AttemptRef, Ledger, ReservedAttempt, SettledAttempt } from "../ledger/index.ts";
import { matchRoute, providerById } from "../providers/index.ts";
import type { Meter, MeterResult, Pricing } from "../usage/index.ts";
import { BodyKeeper, type BodyKeeperOptions } from "./body-keeping.ts";
import type { Budgeting } from "./budgeting.ts";
import { createGateway, type Gateway } from "./gateway.ts";
import { type Listener, listen } from "./listener.ts";
import { type Authenticated, DEFAULT_GATEWAY_SETTINGS, type Denial, type Directory } from "./parts.ts";
import type { StoredObject, StoredObjects } from "./stored-objects.ts";
import { createUpstream } from "./upstream/upstream.ts";

/** Built at run time, so that no scanner takes it for a key. */
export const VIRTUAL_KEY = `sk-ownkey-${"v".repeat(24)}`;
export const OTHER_VIRTUAL_KEY = `sk-ownkey-${"w".repeat(24)}`;
export const PROVIDER_KEY = `sk-${"provider".repeat(4)}`;

export const RESERVED_NANOS = 5_000_000n;

export interface LedgerRow {
  readonly reserved: ReservedAttempt;
  settled?: SettledAttempt;
}

export interface FakeLedger extends Ledger {
  readonly rows: readonly LedgerRow[];
  /** Resolves when as many rows are settled. */
  settledRows(amount: number): Promise<readonly LedgerRow[]>;
  failWith(error: AppError | undefined): void;
}

export function fakeLedger(): FakeLedger {
  const rows: LedgerRow[] = [];
  const waiting = new Set<() => void>();
  let failure: AppError | undefined;
  return {
    rows,
    reserve(reserved): Promise<AttemptRef> {
      if (failure !== undefined) return Promise.reject(failure);
      rows.push({ reserved });
      return Promise.resolve(rows.length - 1);
    },
    settle(ref, settled) {
      const row = rows[ref];
      if (row === undefined || row.settled !== undefined) throw new Error(`row ${ref} cannot be settled`);
      row.settled = settled;
      for (const look of waiting) look();
      return Promise.resolve();
    },
    lastRef: () => rows.length,
    chargedSince: () => new Map(),
    close: () => Promise.resolve(),
    failWith: (error) => {
      failure = error;
    },
    settledRows: (amount) =>
      new Promise((resolve) => {
        const look = () => {
          const settled = rows.filter((row) => row.settled !== undefined);
          if (settled.length < amount) return;
          waiting.delete(look);
          resolve(settled);
        };
        waiting.add(look);
        look();
      }),
  };
}

/** Reads OpenAI's usage from a whole answer or from the last `data:` line that has one. */
export function fakeMeter(): Meter {
  let text = "";
  const decoder = new TextDecoder();
  return {
    push: (chunk) => {
      text += decoder.decode(chunk, { stream: true });
    },
    finish(): MeterResult {
      const figures = [
        ...text.matchAll(/"(?:prompt|input)_tokens":(\d+).*?"(?:completion|output)_tokens":(\d+)/g),
      ].at(-1);
      const usage =
        figures === undefined
          ? null
          : {
              ...UNKNOWN_USAGE,
              inputUncached: Number(figures[1]),
              output: Number(figures[2]),
              ...(text.includes('"clamped":true') ? { clamped: true } : {}),
            };
      const modelAnswered = /"model":"([^"]+)"/.exec(text)?.[1] ?? null;
      const serviceTier = /"service_tier":"([^"]+)"/.exec(text)?.[1] ?? null;
      return { usage, final: usage !== null, modelAnswered, serviceTier, geo: null, errorSeen: false };
    },
  };
}

export function fakeMeterWhole(_options: unknown, bytes: Uint8Array): MeterResult | Promise<MeterResult> {
  const meter = fakeMeter();
  meter.push(bytes);
  return meter.finish();
}

/** A thousand nano-dollars a token, of models named `cheap…` one; those named `unpriced…` have no price. */
export const fakePricing: Pricing = {
  version: "test-prices",
  bound: ({ model }) => (model.startsWith("unpriced") ? null : RESERVED_NANOS),
  cost: ({ model, usage, serviceTier }) =>
    model.startsWith("unpriced") || serviceTier === "unpriced"
      ? null
      : BigInt((usage.inputUncached ?? 0) + (usage.output ?? 0)) * (model.startsWith("cheap") ? 1n : 1000n),
};

export function virtualKey(policy: Partial<VirtualKeyPolicy> = {}, id = "vk_test"): VirtualKey {
  return {
    id,
    name: id,
    hint: "sk-ownkey-…",
    generation: 1,
    state: "active",
    createdAtMs: 0,
    expiresAtMs: null,
    lastUsedAtMs: null,
    policy: {
      connections: [],
      defaultConnection: null,
      models: [],
      paths: [],
      addresses: [],
      regions: [],
      rateLimits: null,
      user: null,
      team: null,
      project: null,
      tool: null,
      class: null,
      purpose: null,
      metadata: {},
      ...policy,
    },
  };
}

export function connection(
  name: string,
  provider: Connection["provider"],
  settings: Connection["settings"],
  preset: string | null = null,
): Connection {
  return { id: `conn_${name}`, name, provider, preset, settings, createdAtMs: 0 };
}

export function providerKey(connectionId: string): ProviderKey {
  return {
    id: `key_${connectionId}`,
    connectionId,
    name: "main",
    kind: "inference",
    fingerprint: "fp_000000000000",
    state: "active",
    version: 1,
    class: null,
    owner: null,
    purpose: null,
    createdAtMs: 0,
    expiresAtMs: null,
    verdict: "untested",
    verdictAtMs: null,
    lastUsedAtMs: null,
  };
}

export interface FakeDirectory extends Directory {
  keys: Map<string, Authenticated>;
  list: Connection[];
  lock(): void;
}

export function fakeDirectory(connections: readonly Connection[]): FakeDirectory {
  let locked = false;
  const keys = new Map<string, Authenticated>([[VIRTUAL_KEY, { virtualKey: virtualKey(), tool: null }]]);
  const list = [...connections];
  return {
    keys,
    list,
    refresh: () => undefined,
    authenticate: (credential) => keys.get(credential) ?? { refused: "unknown" },
    connections: () => list,
    keyOf: providerKey,
    lend() {
      if (locked) throw new AppError("vault_locked", "the vault is locked", { hint: "run: ownkey unlock" });
      return new Secret(PROVIDER_KEY);
    },
    unready: () => (locked ? "vault_locked" : undefined),
    lock: () => {
      locked = true;
    },
  };
}

export function fakeStoredObjects(): StoredObjects & { readonly objects: StoredObject[] } {
  const objects: StoredObject[] = [];
  return {
    objects,
    record: (object) => void objects.push(object),
    flush: () => Promise.resolve(),
    ownerOf: (connectionId, id) =>
      objects.find((object) => object.connectionId === connectionId && object.id === id)?.virtualKeyId,
  };
}

export interface TestGateway {
  readonly url: string;
  readonly port: number;
  readonly gateway: Gateway;
  readonly listener: Listener;
  readonly ledger: FakeLedger;
  readonly directory: FakeDirectory;
  readonly storedObjects: ReturnType<typeof fakeStoredObjects>;
  readonly denials: Denial[];
  readonly bodies: BodyKeeper;
  /** A request with the virtual key. */
  send(path: string, init?: RequestInit): Promise<Response>;
  /** A POST of JSON with the virtual key. */
  post(path: string, body: unknown, headers?: Readonly<Record<string, string>>): Promise<Response>;
  close(): Promise<void>;
}

export interface TestGatewayOptions {
  connections: readonly Connection[];
  settings?: Partial<typeof DEFAULT_GATEWAY_SETTINGS>;
  /** Certificate authority of an upstream with TLS. */
  ca?: string;
  rates?: Rates;
  providerRates?: ProviderRates;
  budgets?: Budgeting;
  resolveHost?: (host: string) => Promise<readonly string[]>;
  log?: Log;
  pricing?: Pricing;
  /** Plenty of memory when absent. */
  bodies?: Partial<BodyKeeperOptions>;
}

export function startGateway(options: TestGatewayOptions): TestGateway {
  const ledger = fakeLedger();
  const directory = fakeDirectory(options.connections);
  const storedObjects = fakeStoredObjects();
  const denials: Denial[] = [];
  const bodies = new BodyKeeper({
    limitBytes: 2 ** 30,
    folder: tmpdir(),
    randomness: systemRandomness,
    ...options.bodies,
  });
  const gateway = createGateway({
    directory,
    ledger,
    pricing: options.pricing ?? fakePricing,
    rates: options.rates ?? new Rates({ clock: systemClock }),
    providerRates: options.providerRates ?? new ProviderRates(systemClock),
    budgets: options.budgets,
    createMeter: fakeMeter,
    meterWhole: fakeMeterWhole,
    providers: { providerById, matchRoute },
    storedObjects,
    bodies,
    clock: systemClock,
    log: options.log ?? silentLog,
    newId: idMaker(systemClock, systemRandomness),
    keyedHash: (purpose, data) => new Bun.CryptoHasher("sha256", purpose).update(data).digest(),
    upstream: createUpstream({ fetch, clock: systemClock, ca: options.ca }),
    resolveHost: options.resolveHost ?? (() => Promise.resolve([])),
    settings: { ...DEFAULT_GATEWAY_SETTINGS, ...options.settings },
    onDenied: (denial) => void denials.push(denial),
    onUse: { began() {}, ended() {} },
  });
  const listener = listen({ gateway, hostname: "127.0.0.1", port: 0 });
  const send = (path: string, init: RequestInit = {}) =>
    fetch(`${listener.url}${path}`, {
      redirect: "manual",
      ...init,
      headers: { authorization: `Bearer ${VIRTUAL_KEY}`, ...(init.headers as Record<string, string>) },
    });
  return {
    url: listener.url,
    port: listener.port,
    gateway,
    listener,
    ledger,
    directory,
    storedObjects,
    denials,
    bodies,
    send,
    post: (path, body, headers = {}) =>
      send(path, {
        method: "POST",
        body: typeof body === "string" ? body : JSON.stringify(body),
        headers: { "content-type": "application/json", ...headers },
      }),
    close: () => listener.stop(0),
  };
}
