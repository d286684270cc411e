/**
 * The one way in from outside this machine, for tools whose servers call the gateway. It is a listener of its own: it
 * serves one tool's paths, for one Host, to virtual keys that are for this tool, and passes them on to the gateway over
 * loopback. Whatever a tunnel or a proxy in front of it lets through, nothing else can be reached behind it.
 */
import type { Clock, Log } from "../kernel/index.ts";
import { forgetDoor, keepDoor, keptDoor } from "./door-file.ts";
import { type DoorListener, openListener } from "./door-listener.ts";
import type { DoorRequest, OpenDoor } from "./open-door.ts";
import { startTunnel, type TunnelProcess } from "./tunnel-process.ts";
import { TUNNELS } from "./tunnels.ts";

export interface DoorOptions {
  readonly home: string;
  /** Where the gateway listens, as this machine reaches it. */
  readonly gatewayUrl: string;
  /** Whether a virtual key is in force and for this tool. */
  readonly mayEnter: (token: string, tool: string) => Promise<boolean>;
  readonly clock: Clock;
  readonly log: Log;
  /** How long a tunnel may take to tell its address. */
  readonly tunnelWithinMs?: number;
}

const TUNNEL_WITHIN_MS = 40_000;

type Opened = Omit<OpenDoor, "seen" | "problem">;

/** At most one door is open. */
export class Door {
  readonly #options: DoorOptions;
  #listener: DoorListener | undefined;
  #tunnel: TunnelProcess | undefined;
  #open: Opened | undefined;
  #problem: string | undefined;

  constructor(options: DoorOptions) {
    this.#options = options;
  }

  /**
   * Opens it, in place of one that is open.
   * @throws AppError `address_in_use`; `conflict` or `time_limit` when the tunnel does not come up.
   */
  async open(request: DoorRequest): Promise<OpenDoor> {
    await this.close();
    const { tool, way } = request;
    const listener = openListener({ ...this.#options, tool, port: "port" in way ? way.port : 0 });
    this.#listener = listener;
    try {
      const url =
        "url" in way ? way.url.replace(/\/+$/, "") : await this.#startTunnel(request, listener.port);
      listener.serveFor(new URL(url).host);
      this.#open = { tool, url, localUrl: listener.url, way: "url" in way ? "url" : way.tunnel };
      if ("url" in way || TUNNELS[way.tunnel].isStable) keepDoor(this.#options.home, request);
    } catch (error) {
      await this.close();
      throw error;
    }
    this.#options.log.info("door.open", { tool, url: this.#open.url });
    return this.#state(this.#open);
  }

  /** Opens the one that was open when the program ended, if its address is a lasting one. Never throws. */
  async reopen(env: DoorRequest["env"], userHome: string): Promise<void> {
    const kept = keptDoor(this.#options.home);
    if (!kept) return;
    try {
      await this.open({ ...kept, env, userHome });
    } catch (error) {
      // It is tried again with the next start: keep what was kept.
      this.#options.log.warn("door.not_open", { tool: kept.tool, error });
      keepDoor(this.#options.home, { ...kept, env, userHome });
    }
  }

  state(): OpenDoor | undefined {
    return this.#open && this.#state(this.#open);
  }

  /** Ends what comes in, and the tunnel; it is not opened again with the next start. */
  async close(): Promise<void> {
    forgetDoor(this.#options.home);
    await this.end();
  }

  /** The same for the program's end: a lasting door is opened again with the next start. */
  async end(): Promise<void> {
    const [listener, tunnel] = [this.#listener, this.#tunnel];
    this.#listener = this.#tunnel = this.#open = this.#problem = undefined;
    listener?.serveFor(undefined);
    await tunnel?.close();
    await listener?.stop();
  }

  async #startTunnel({ way, env, userHome }: DoorRequest, port: number): Promise<string> {
    if (!("tunnel" in way)) throw new TypeError("no tunnel was asked for");
    const kind = TUNNELS[way.tunnel];
    const { program } = way;
    const withinMs = this.#options.tunnelWithinMs ?? TUNNEL_WITHIN_MS;
    const tunnel = await startTunnel({ kind, program, port, userHome, env, withinMs });
    this.#tunnel = tunnel;
    void tunnel.ended.then(() => {
      if (this.#tunnel !== tunnel) return;
      this.#problem = `${kind.program} has ended`;
      this.#listener?.serveFor(undefined);
      this.#options.log.warn("door.tunnel_ended", { tunnel: kind.program });
    });
    return tunnel.url;
  }

  #state(open: Opened): OpenDoor {
    return { ...open, seen: this.#listener?.seen() ?? [], problem: this.#problem };
  }
}
