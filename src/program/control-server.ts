import type { Caller } from "../access/index.ts";
import type { App } from "../app.ts";
import type { Config } from "../config.ts";
import {
  type Control,
  createControlHttp,
  holdSession,
  makeSocketPrivate,
  OPERATIONS,
  prepareSocketPath,
} from "../control/index.ts";
import type { Door } from "../door/index.ts";
import { listenError } from "../gateway/index.ts";
import { Closing, type Log } from "../kernel/index.ts";
import type { Serving } from "./serving.ts";

export interface ControlServer {
  readonly url: string;
  readonly socket: string;
  close(): Promise<void>;
}

export interface ControlServerOptions {
  readonly app: App;
  readonly config: Config;
  readonly log: Log;
  readonly serving: Serving;
  readonly door: Door;
  readonly caller: Caller;
  stop: () => void;
  /** Called for each operation that comes in. */
  onManaged: () => void;
}

/** The control API twice: on a private socket for the owner, and on a loopback port for health, metrics and the page. */
export async function serveControl({
  app,
  config,
  log,
  serving,
  door,
  caller,
  stop,
  onManaged,
}: ControlServerOptions): Promise<ControlServer> {
  const shared = {
    operations: OPERATIONS,
    log,
    requestId: () => app.newId("req"),
    notReady: () => serving.notReady(),
    metrics: () => serving.metrics(),
  };
  const closing = new Closing();
  const port = listen(config.uiPort, (request) => portApp.fetch(request));
  closing.add(() => port.stop(true));
  const url = `http://127.0.0.1:${port.port ?? config.uiPort}`;
  const control: Control = {
    ...app.control,
    running: {
      url: serving.url,
      ui: url,
      pid: process.pid,
      gateways: () => serving.gateways(),
      door,
      providerRates: (keyId) => serving.providerRates(keyId),
      tellSpent: () => serving.tellSpent(),
      stop: () => void setTimeout(stop, STOP_AFTER_ANSWER_MS),
    },
  };
  const portApp = createControlHttp({ ...shared, control, callerOf: () => undefined });

  try {
    // Whoever can open the socket is the owner: its folder is the owner's alone.
    const socketApp = createControlHttp({
      ...shared,
      control,
      callerOf: () => (onManaged(), caller),
      holdSession: (holder, request) => holdSession(control, holder, request),
    });
    const socket = openSocket(config.home, app.control.vault.id, async (request) => {
      const answer = await socketApp.fetch(request);
      // What is answered counts for the next request, whichever process gets it.
      await serving.inForce();
      return answer;
    });
    closing.add(() => socket.stop(true));
    return { url, socket: socket.path, close: () => closing.close() };
  } catch (error) {
    return await closing.closeAfter(error);
  }
}

const STOP_AFTER_ANSWER_MS = 20;

type Answer = (request: Request) => Response | Promise<Response>;

function openSocket(home: string, vaultId: string, answer: Answer) {
  const path = prepareSocketPath(home, vaultId, process.getuid?.() ?? 0);
  // An operation may be silent for as long as a provider is, and Bun would end it after 10 seconds, on a unix socket
  // too: there its types know no `idleTimeout`, and `server.timeout` does nothing (seen in 1.4.5).
  const options = { unix: path, fetch: answer, idleTimeout: 0 };
  const server = Bun.serve(options as unknown as Parameters<typeof Bun.serve>[0]);
  makeSocketPrivate(path);
  return { path, stop: (now: boolean) => server.stop(now) };
}

function listen(port: number, answer: Answer) {
  try {
    return Bun.serve({ hostname: "127.0.0.1", port, fetch: answer });
  } catch (error) {
    throw listenError(error, { hostname: "127.0.0.1", port, option: "--ui-port" });
  }
}
