/** Machines that share one PostgreSQL, and what may happen to the ways that lead to them. */
export interface Machines {
  readonly each: readonly Machine[];
  /** The address of this process for them: a provider listens there. */
  readonly providerHost: string;
  /** What `keys add` needs to be told for such a provider. */
  readonly providerArguments: readonly string[];
  /** What a machine can be cut off from. */
  readonly cuts: readonly Cut[];
  /** From now on nothing that is sent either way arrives, and nobody is told. */
  cut(machine: number, from: Cut): Promise<void>;
  heal(machine: number): Promise<void>;
  /**
   * Heals, and puts another machine with the same address and disk in its place, all of whose processes are dead: it
   * knows nothing of the connections that the former had, as after a power loss.
   */
  replace?(machine: number): Promise<void>;
  close(): Promise<void>;
}

export type Cut = "the database" | "everybody";

export interface Machine {
  readonly databaseUrl: string;
  /** The start of a command line that runs what follows on it. */
  readonly startedBy: readonly string[];
  /** What `up` needs to be told so that others than the machine itself reach it. */
  readonly upArguments: readonly string[];
}
