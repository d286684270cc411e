/** `ownkey up`: the running program. Builds it on top of an opened app, tells where it listens, stops it gracefully. */
import { type App, openApp } from "../app.ts";
import { removeStaleCopies } from "../backup/index.ts";
import type { CliContext, UpFlags } from "../cli/index.ts";
import type { Config } from "../config.ts";
import { claimRunning, readRunning, removeRunning, type Running, writeRunning } from "../control/index.ts";
import { ensurePrivateDir } from "../files/index.ts";
import { AppError, createLog, formatTime, type Log, systemClock, VERSION } from "../kernel/index.ts";
import { AutoLock } from "../vault/index.ts";
import { type ControlServer, serveControl } from "./control-server.ts";
import { type DataPlane, openDataPlane } from "./data-plane.ts";
import { startDetached } from "./detach.ts";
import { greeting } from "./greeting.ts";
import { openLogFile } from "./log-file.ts";
import { unlockFromFile } from "./passphrase-file.ts";
import { startUpkeep } from "./upkeep.ts";

export interface UpOptions {
  readonly config: Config;
  readonly flags: UpFlags;
  readonly argv: readonly string[];
  readonly context: CliContext;
}

/** Runs until stopped, or goes to the background; gives the exit code. */
export async function up(options: UpOptions): Promise<number> {
  const { config, flags, argv, context } = options;
  const startedMs = performance.now();
  assertSafeAddress(config);
  ensurePrivateDir(config.home);
  if (flags.detach) {
    const running = await startDetached(
      config.home,
      argv.filter((argument) => argument !== "--detach"),
    );
    announce(context, flags, running, performance.now() - startedMs);
    return 0;
  }
  const place = claimRunning(config.home);
  if (!place) {
    announce(context, flags, await otherRunning(config.home), performance.now() - startedMs);
    return 0;
  }
  try {
    return await runUntilStopped(options, startedMs);
  } finally {
    place.close();
  }
}

async function runUntilStopped({ config, flags, context }: UpOptions, startedMs: number): Promise<number> {
  const stopped = stopSignal();
  const logFile = openLogFile(config.home);
  const log = createLog({
    level: config.log,
    clock: systemClock,
    write: (line) => {
      logFile.write(line);
      if (!context.interactive) context.stderr.write(line);
    },
  });
  const caller = { kind: "cli", user: config.user } as const;
  const closing: (() => void | Promise<void>)[] = [() => logFile.close()];
  try {
    const app = await openApp(config, {
      storeMode: "worker",
      caller,
      log,
      ...(flags.acceptEpoch === undefined ? {} : { acceptEpoch: flags.acceptEpoch }),
    });
    closing.push(() => app.close());
    removeStaleCopies(config.home);
    await unlockFromFile(app, config, caller);

    const dataPlane = await openDataPlane({ app, config, log });
    closing.push(() => dataPlane.close());
    const autoLock = startAutoLock(app, config, log);
    closing.push(() => autoLock.close());
    const control = serveControl({
      app,
      config,
      log,
      dataPlane,
      caller,
      stop: stopped.stop,
      onManaged: () => autoLock.touch(),
    });
    closing.push(() => control.close());
    closing.push(startUpkeep({ app, config, log, dataPlane, caller }));

    const running = describe(config, dataPlane, control);
    writeRunning(running);
    closing.push(() => removeRunning(config.home));
    const startMs = performance.now() - startedMs;
    log.info("up.ready", { url: running.url, ui: running.ui, startMs: Math.round(startMs) });
    announce(context, flags, running, startMs);
    if (!flags.json && app.statement !== undefined) context.stdout.write(`\n${app.statement}\n`);
    if (!flags.json) context.stdout.write(await greeting({ app, config, context, url: running.url }));

    await stopped.asked;
    log.info("up.stopping");
    await dataPlane.stop(config.drainSeconds * 1000);
    return 0;
  } finally {
    for (const close of closing.reverse()) await close();
  }
}

/** Ends management after a while without it; what is lent to the gateway goes on. */
function startAutoLock(app: App, config: Config, log: Log): AutoLock {
  const { vault, perform, clock } = app.control;
  const lock = async () => {
    if (vault.locked) return;
    const act = {
      action: "vault.lock",
      permission: "vault.lock",
      subject: vault.id,
      details: { reason: "auto" },
    } as const;
    await perform({ kind: "scheduler" }, act, async () => {});
    vault.lock("auto");
  };
  const onError = (error: unknown) => log.error("auto_lock.failed", { error });
  const autoLock = new AutoLock({
    afterMs: config.autoLockMinutes * 60_000,
    clock,
    onLock: () => void lock().catch(onError),
    onError,
  });
  autoLock.touch();
  return autoLock;
}

function describe(config: Config, dataPlane: DataPlane, control: ControlServer): Running {
  return {
    pid: process.pid,
    version: VERSION,
    home: config.home,
    url: dataPlane.url,
    ui: control.url,
    socket: control.socket,
    startedAt: formatTime(systemClock.nowMs()),
  };
}

/** One line for programs, a few for people. */
function announce(context: CliContext, flags: UpFlags, running: Running, startMs: number): void {
  const { url, ui, pid, home } = running;
  if (flags.json) {
    context.stdout.write(
      `${JSON.stringify({ event: "ready", url, ui, pid, home, startMs: Math.round(startMs) })}\n`,
    );
    return;
  }
  context.stdout.write(`Ownkey ${running.version} is ready: ${url}  (pid ${pid}, home ${home})\n`);
}

/** Beyond loopback everybody on the network could use the keys, and read virtual keys on the way. */
function assertSafeAddress({ host, tlsCert, tlsKey, insecureHttp }: Config): void {
  if ((tlsCert === null) !== (tlsKey === null)) {
    throw new AppError("usage", "--tls-cert and --tls-key belong together");
  }
  const loopback = host === "localhost" || host === "::1" || /^127(?:\.\d{1,3}){3}$/.test(host);
  if (loopback || tlsCert !== null || insecureHttp) return;
  throw new AppError("usage", `listening on ${host} without TLS would send virtual keys in the clear`, {
    hint: "give --tls-cert and --tls-key, or --insecure-http behind a proxy that does TLS",
  });
}

async function otherRunning(home: string): Promise<Running> {
  // It may hold the lock and not have written its address yet.
  for (let attempt = 0; attempt < 200; attempt++) {
    const running = readRunning(home);
    if (running) return running;
    await Bun.sleep(50);
  }
  throw new AppError("conflict", "another Ownkey holds this home but does not get ready", {
    hint: "ownkey down",
  });
}

/** Resolves on the first SIGINT or SIGTERM, or when told; a second signal ends the process at once. */
function stopSignal(): { asked: Promise<void>; stop: () => void } {
  const { promise, resolve } = Promise.withResolvers<void>();
  let signals = 0;
  const onSignal = () => {
    if (++signals > 1) process.exit(130);
    resolve();
  };
  for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) process.on(signal, onSignal);
  return { asked: promise, stop: resolve };
}
