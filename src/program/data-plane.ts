import { readFileSync } from "node:fs";
import { join } from "node:path";
import { ToolTokenVerifier } from "../access/index.ts";
import { DenialAggregator } from "../audit/index.ts";
import type { App } from "../app.ts";
import { readRestored } from "../backup/index.ts";
import {
  createTightener,
  GatewayBudgets,
  GatewayRates,
  nodeIdentity,
  recoverNode,
  type SeenRates,
  systemBootId,
} from "../budgets/index.ts";
import type { Config } from "../config.ts";
import { ensurePrivateDir } from "../files/index.ts";
import {
  createDirectory,
  createGateway,
  createStoredObjects,
  createUpstream,
  DEFAULT_GATEWAY_SETTINGS,
  type Directory,
  inUrl,
  isEveryAddress,
  listen,
  type StoreDirectory,
} from "../gateway/index.ts";
import { AppError, Closing, type Log } from "../kernel/index.ts";
import { claimInstance, openLedger, settleAbandoned } from "../ledger/index.ts";
import { AddressWatch } from "./alerts/address-watch.ts";
import { openBodyKeeper } from "./body-keeper.ts";
import { createBudgeting } from "./budgeting.ts";
import { createLastUses, type LastUses } from "./last-uses.ts";
import { matchRoute, providerById } from "../providers/index.ts";
import { createMeter, meterWhole } from "../usage/index.ts";

/** The gateway with its ledger, listening. */
export interface DataPlane {
  readonly url: string;
  readonly port: number;
  /** Name of its ledger. */
  readonly instance: string;
  readonly denials: DenialAggregator;
  readonly lastUses: LastUses;
  readonly addresses: AddressWatch;
  /** Why it cannot serve now, if so. */
  notReady(): string | undefined;
  metrics(): string;
  /** What providers told of a key. */
  providerRates(keyId: string): SeenRates[];
  /** Resolves when the store knows what was spent of budgets here, or cannot be asked. */
  tellSpent(): Promise<void>;
  /** Requests under way. */
  inFlight(): number;
  /** Another process has told that it committed: looked at before the next request. */
  noteCommit(): void;
  /** Lets what is under way finish, up to the limit. */
  stop(limitMs: number): Promise<void>;
  /** Ends whatever is left and closes the ledger. */
  close(): Promise<void>;
}

export interface DataPlaneOptions {
  readonly app: App;
  readonly config: Config;
  readonly log: Log;
  /** Other gateway processes listen on the same port. */
  readonly sharesPort?: boolean;
}

/** Claims a ledger, settles what a crash left in it, and opens the listener. @throws AppError `address_in_use`. */
export async function openDataPlane(options: DataPlaneOptions): Promise<DataPlane> {
  const ledgerDir = join(options.config.home, "ledger");
  ensurePrivateDir(ledgerDir);
  const closing = new Closing();
  try {
    return await openParts(options, ledgerDir, closing);
  } catch (error) {
    return await closing.closeAfter(error);
  }
}

async function openParts(
  { app, config, log, sharesPort = false }: DataPlaneOptions,
  ledgerDir: string,
  closing: Closing,
): Promise<DataPlane> {
  const { control, newId, seams } = app;
  const { store, perform, vault } = control;
  const { clock } = seams;
  const instance = claimInstance(ledgerDir);
  closing.add(() => instance.close());
  const ledger = openLedger({ path: instance.path, clock, log });
  closing.add(() => ledger.close());
  const { randomness } = seams;
  const bootId = systemBootId(randomness);
  const abandoned = await settleAbandoned({
    dir: ledgerDir,
    clock,
    log,
    account: async ({ path, chargedSince }) => {
      const identity = nodeIdentity({ ledgerPath: path, bootId, randomness });
      await recoverNode({ store: store, identity, randomness, chargedSince, nowMs: clock.nowMs() }, log);
    },
  });
  const crashed = ledger.settledAfterCrash + abandoned;
  if (crashed > 0) log.warn("ledger.settled_after_crash", { attempts: crashed });

  const caller = { kind: "gateway", node: instance.instance } as const;
  const denials = new DenialAggregator({
    clock,
    flush: async (events) => {
      await store.tx(async (tx) => control.audit.appendAll(control.audit.begin(tx), events));
    },
  });
  const lastUses = createLastUses(app, caller);
  closing.add(() => lastUses.flush());
  const addresses = new AddressWatch(control);
  closing.add(() => addresses.flush());
  closing.add(() => denials.close());
  const identity = nodeIdentity({ ledgerPath: instance.path, bootId, randomness });
  const budgets = new GatewayBudgets({
    store,
    sealer: vault,
    perform,
    caller,
    identity,
    ledger,
    clock,
    log,
    randomness,
  });
  const tightener = createTightener({ log });
  closing.add(() => tightener.close());
  await budgets.start();
  closing.add(() => budgets.close());
  const rates = new GatewayRates({
    store,
    limits: control.limits,
    node: identity.id,
    clock,
    log,
    nameOf: (subject) => rateSubjectName(subject, directory.connections()),
  });
  rates.start();
  closing.add(() => rates.close());
  const directory: StoreDirectory = createDirectory({
    store,
    audit: control.audit,
    virtualKeys: control.virtualKeys,
    toolTokens: new ToolTokenVerifier({ signer: vault, sessions: control.sessions }),
    connections: control.connections,
    rates,
    budgets,
    vault,
    caller,
    clock,
    log,
  });
  app.onCommit(() => directory.noteCommit());
  const suspendable = suspendUntilConfirmed(directory, config.home);
  const gateway = createGateway({
    directory: suspendable,
    ledger,
    pricing: control.prices,
    rates: rates.rates,
    providerRates: rates.providers,
    budgets: createBudgeting({
      budgets,
      prices: control.prices,
      tightener,
      outputLimit: config.outputLimit,
    }),
    createMeter,
    meterWhole,
    providers: { providerById, matchRoute },
    storedObjects: createStoredObjects({ store: store, clock, log }),
    bodies: openBodyKeeper(config, randomness),
    clock,
    log,
    newId,
    keyedHash: (purpose, data) => vault.keyedHash(purpose, data),
    upstream: createUpstream({ fetch: seams.fetch, clock }),
    resolveHost: seams.resolveHost,
    settings: {
      ...DEFAULT_GATEWAY_SETTINGS,
      hosts: allowedHosts(config),
      ownHost: isEveryAddress(config.host) ? undefined : inUrl(config.host),
      firstByteLimitMs: config.silenceSeconds * 1000,
      silenceLimitMs: config.silenceSeconds * 1000,
    },
    onDenied: (denial) => denials.note(denial),
    onUse: lastUses,
    onAddress: (virtualKeyId, address) => addresses.note(virtualKeyId, address),
  });
  const listener = listen({
    gateway,
    hostname: config.host,
    port: config.port,
    tls: readTls(config),
    reusePort: sharesPort,
  });
  closing.add(() => listener.stop(0));
  closing.add(
    vault.onLock((reason) => {
      if (reason === "explicit") directory.forgetLent();
    }),
  );

  return {
    url: listener.url,
    port: listener.port,
    instance: instance.instance,
    denials,
    lastUses,
    addresses,
    notReady: () => suspendable.unready(),
    metrics: () => gateway.metrics(),
    providerRates: (keyId) => rates.providers.seen(keyId),
    tellSpent: () => budgets.tellSpent(),
    inFlight: () => gateway.inFlight(),
    noteCommit: () => directory.noteCommit(),
    stop: (limitMs) => listener.stop(limitMs),
    close: () => closing.close(),
  };
}

/** Virtual keys of a restored home may have been revoked since the backup: none is accepted until somebody confirms. */
function suspendUntilConfirmed(directory: Directory, home: string): Directory {
  let suspended = readRestored(home) !== undefined;
  const isSuspended = () => (suspended &&= readRestored(home) !== undefined);
  return {
    ...directory,
    unready: () => directory.unready() ?? (isSuspended() ? "restore_unconfirmed" : undefined),
    authenticate(credential) {
      if (!isSuspended()) return directory.authenticate(credential);
      throw new AppError(
        "restore_unconfirmed",
        "this home was restored from a backup and nobody has confirmed it yet",
        {
          hint: "check its virtual keys with: ownkey vk list; then: ownkey backup confirm",
        },
      );
    },
  };
}

/** Ids of virtual keys mean nothing to those who hold them, those of connections to nobody. */
function rateSubjectName(subject: string, connections: ReturnType<Directory["connections"]>): string {
  if (subject.startsWith("vk:")) return "this virtual key";
  const connection = connections.find(({ id }) => subject === `connection:${id}`);
  return connection === undefined ? subject : `connection:${connection.name}`;
}

function allowedHosts({ allowHosts, publicUrl }: Config): string[] {
  return publicUrl === null ? [...allowHosts] : [...allowHosts, new URL(publicUrl).host];
}

function readTls({ tlsCert, tlsKey }: Config): { cert: string; key: string } | undefined {
  if (tlsCert === null || tlsKey === null) return undefined;
  try {
    return { cert: readFileSync(tlsCert, "utf8"), key: readFileSync(tlsKey, "utf8") };
  } catch (error) {
    throw new AppError("not_found", "the certificate or its key cannot be read", {
      hint: "check --tls-cert and --tls-key",
      cause: error,
    });
  }
}
