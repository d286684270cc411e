/** `ownkey up`: the running program. Builds it on top of an opened app, tells where it listens, stops it gracefully. */
import { type App, openApp } from "../app.ts";
import { removeStaleCopies } from "../backup/index.ts";
import type { CliContext, UpFlags } from "../cli/index.ts";
import type { Config } from "../config.ts";
import { removeRunning, type Running, writeRunning } from "../control/index.ts";
import { ensurePrivateDir } from "../files/index.ts";
import { Closing, createLog, formatTime, type Log, systemClock, VERSION } from "../kernel/index.ts";
import { announce, tellStatement } from "./announce.ts";
import { startAutoLock } from "./auto-lock.ts";
import { type ControlServer, serveControl } from "./control-server.ts";
import { openDataPlane } from "./data-plane.ts";
import { isInBackground, startDetached } from "./detach.ts";
import { createDoor } from "./outside-door.ts";
import { type LogFile, openLogFile } from "./log-file.ts";
import { unlockFromFile } from "./passphrase-file.ts";
import { takePlace } from "./place.ts";
import { withOtherOwnkey } from "./port-taken.ts";
import { assertSafeAddress } from "./safe-address.ts";
import { type Serving, servingHere } from "./serving.ts";
import { listenForStop, type StopSignal } from "./stop-signal.ts";
import { startGatewayUpkeep, startUpkeep } from "./upkeep.ts";

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
  const sinceStart = () => performance.now() - startedMs;
  if (flags.detach) {
    const { running, isNew } = await startDetached(
      config.home,
      argv.filter((argument) => argument !== "--detach"),
    );
    announce(context, flags, running);
    if (isNew) tellStatement(context, flags, running.statement);
    return 0;
  }
  const place = await takePlace(config.home);
  if ("running" in place) {
    announce(context, flags, place.running);
    return 0;
  }
  try {
    await runUntilStopped(options, sinceStart);
    return 0;
  } catch (error) {
    throw await withOtherOwnkey(error, config);
  } finally {
    place.lock.close();
  }
}

/** Closes everything in reverse, however far the start came. */
async function runUntilStopped(options: UpOptions, sinceStart: () => number): Promise<void> {
  const closing = new Closing();
  try {
    const stop = listenForStop();
    closing.add(() => stop.close());
    const file = openLogFile(options.config.home);
    closing.add(() => file.close());
    const log = openLog(options, file);
    const { app, serving, running } = await start(options, { stop, log, file, closing, sinceStart });
    if (!stop.wasAsked()) {
      log.info("up.ready", { url: running.url, ui: running.ui, startMs: running.startMs });
      announce(options.context, options.flags, running);
      await greet(options, app, running, log);
    }
    await stop.asked;
    log.info("up.stopping");
    await serving.stop(options.config.drainSeconds * 1000);
  } catch (error) {
    return await closing.closeAfter(error);
  }
  await closing.close();
}

function openLog(options: UpOptions, file: LogFile): Log {
  return createLog({ level: options.config.log, clock: systemClock, write: logWriter(options, file) });
}

/** To the file of the home, and to standard error where somebody else may keep it. */
function logWriter(
  { config, context }: Pick<UpOptions, "config" | "context">,
  file: LogFile,
): (line: string) => void {
  const isKept = !context.interactive && !isInBackground(config.home);
  return (line) => {
    file.write(line);
    if (isKept) context.stderr.write(line);
  };
}

interface Parts {
  readonly stop: StopSignal;
  readonly log: Log;
  readonly file: LogFile;
  readonly closing: Closing;
  readonly sinceStart: () => number;
}

interface Started {
  readonly app: App;
  readonly serving: Serving;
  readonly running: Running;
}

async function start({ config, flags, context }: UpOptions, parts: Parts): Promise<Started> {
  const { stop, log, closing, sinceStart } = parts;
  const caller = { kind: "cli", user: config.user } as const;
  const app = await openApp(config, {
    storeMode: "worker",
    caller,
    log,
    ...(flags.acceptEpoch === undefined ? {} : { acceptEpoch: flags.acceptEpoch }),
  });
  closing.add(() => app.close());
  removeStaleCopies(config.home);
  await unlockFromFile(app, config, caller);

  const serving = await startServing(app, config, {
    ...parts,
    writeLog: logWriter({ config, context }, parts.file),
  });
  const autoLock = startAutoLock(app, config, log);
  closing.add(() => autoLock.close());
  const door = createDoor({ app, config, log, gatewayUrl: serving.url });
  closing.add(() => door.end());
  const control = await serveControl({
    app,
    config,
    log,
    serving,
    door,
    caller,
    stop: () => stop.stop(),
    onManaged: () => autoLock.touch(),
  });
  closing.add(() => control.close());
  closing.add(startUpkeep({ app, config, log, caller }));

  const running = describe({ config, serving, control, app, startMs: Math.round(sinceStart()) });
  closing.add(() => removeRunning(config.home));
  writeRunning(running);
  void door.reopen(context.environment, config.userHome);
  return { app, serving, running };
}

/** One gateway process is this one; several are beside it, and are loaded only then. */
async function startServing(
  app: App,
  config: Config,
  { log, closing, writeLog }: Parts & { readonly writeLog: (line: string) => void },
): Promise<Serving> {
  if (config.workers > 1) {
    const { startWorkers } = await import("./workers/worker-pool.ts");
    const serving = await startWorkers({ app, config, log, writeLog });
    closing.add(() => serving.close());
    return serving;
  }
  const dataPlane = await openDataPlane({ app, config, log });
  closing.add(() => dataPlane.close());
  closing.add(startGatewayUpkeep({ app, config, log, dataPlane }));
  return servingHere(dataPlane);
}

interface Described {
  readonly config: Config;
  readonly serving: Serving;
  readonly control: ControlServer;
  readonly app: App;
  readonly startMs: number;
}

function describe({ config, serving, control, app: { statement }, startMs }: Described): Running {
  return {
    pid: process.pid,
    version: VERSION,
    home: config.home,
    url: serving.url,
    ui: control.url,
    socket: control.socket,
    startedAt: formatTime(systemClock.nowMs()),
    startMs,
    ...(statement === undefined ? {} : { statement }),
  };
}

/** What it says is help: a program that serves does not end because it cannot be given. */
async function greet(
  { config, flags, context }: UpOptions,
  app: App,
  { url }: Running,
  log: Log,
): Promise<void> {
  tellStatement(context, flags, app.statement);
  if (flags.json) return;
  try {
    const { greeting } = await import("./greeting.ts");
    context.stdout.write(await greeting({ app, config, context, url }));
  } catch (error) {
    log.warn("up.greeting_failed", { error });
  }
}
