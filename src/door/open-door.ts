import type { TunnelName } from "./tunnels.ts";

/** A tunnel that is driven, or an address that the user leads to the port by other means. */
export type DoorWay =
  | { readonly tunnel: TunnelName; /** Absolute. */ readonly program: string }
  | { readonly url: string; readonly port: number };

export interface DoorRequest {
  readonly tool: string;
  readonly way: DoorWay;
  /** Of the shell that asks, for the tunnel's program. */
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly userHome: string;
}

/** A request that came to the door. */
export interface SeenAtDoor {
  readonly atMs: number;
  readonly status: number;
  readonly path: string;
}

export interface OpenDoor {
  readonly tool: string;
  /** `https://name`, without a slash at its end. */
  readonly url: string;
  /** Where it listens on this machine. */
  readonly localUrl: string;
  readonly way: TunnelName | "url";
  /** The newest last; a few are kept. */
  readonly seen: readonly SeenAtDoor[];
  /** Why nothing comes in any more. */
  readonly problem: string | undefined;
}
