import type { Caller } from "../access/index.ts";
import type { App } from "../app.ts";
import type { Config } from "../config.ts";
import {
  type Control,
  createControlHttp,
  makeSocketPrivate,
  OPERATIONS,
  prepareSocketPath,
} from "../control/index.ts";
import { AppError, type Log } from "../kernel/index.ts";
import type { DataPlane } from "./data-plane.ts";

export interface ControlServer {
  readonly url: string;
  readonly socket: string;
  close(): Promise<void>;
}

export interface ControlServerOptions {
  readonly app: App;
  readonly config: Config;
  readonly log: Log;
  readonly dataPlane: DataPlane;
  readonly caller: Caller;
  stop: () => void;
  /** Called for each operation that comes in. */
  onManaged: () => void;
}

/** The control API twice: on a private socket for the owner, and on a loopback port for health, metrics and the page. */
export function serveControl({
  app,
  config,
  log,
  dataPlane,
  caller,
  stop,
  onManaged,
}: ControlServerOptions): ControlServer {
  const shared = {
    operations: OPERATIONS,
    log,
    notReady: () => dataPlane.notReady(),
    metrics: () => dataPlane.metrics(),
  };
  const port = listen(config.uiPort, (request) => portApp.fetch(request));
  const url = `http://127.0.0.1:${port.port ?? config.uiPort}`;
  const control: Control = {
    ...app.control,
    running: {
      url: dataPlane.url,
      ui: url,
      pid: process.pid,
      stop: () => void setTimeout(stop, STOP_AFTER_ANSWER_MS),
    },
  };
  const portApp = createControlHttp({ ...shared, control, callerOf: () => undefined });

  const socketPath = prepareSocketPath(config.home, app.control.vault.id, process.getuid?.() ?? 0);
  // Whoever can open the socket is the owner: its folder is the owner's alone.
  const socketApp = createControlHttp({ ...shared, control, callerOf: () => (onManaged(), caller) });
  const socket = Bun.serve({
    unix: socketPath,
    fetch: (request) => socketApp.fetch(request),
  });
  makeSocketPrivate(socketPath);

  return {
    url,
    socket: socketPath,
    async close() {
      await Promise.all([socket.stop(true), port.stop(true)]);
    },
  };
}

const STOP_AFTER_ANSWER_MS = 20;

function listen(port: number, answer: (request: Request) => Response | Promise<Response>) {
  try {
    return Bun.serve({ hostname: "127.0.0.1", port, fetch: answer });
  } catch (error) {
    throw new AppError("address_in_use", `another program listens on the control port ${port}`, {
      hint: "stop it, or choose another port: ownkey up --ui-port PORT",
      cause: error,
    });
  }
}
