/**
 * Machines as network namespaces of Linux: each has an address of its own and two links, one to the database and one to
 * the world, which are ports of two bridges. A cut takes the port down: both ends keep their connections and learn
 * nothing, as when a cable is pulled behind the next switch.
 *
 * All of it lies in a namespace around this process, made by `inOwnNetwork`: nothing of the real network is touched or
 * can be reached, and nothing is left of it, however this process ends. A machine's namespace lives as long as a `cat`
 * in it, which ends with this process.
 */
import type { Subprocess } from "bun";
import { mkdtempSync, rmSync, symlinkSync, unlinkSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Cut, Machine, Machines } from "./machines.ts";

/** Addresses for benchmarks of networks (RFC 2544). */
const NETWORKS = { database: "198.18.0", world: "198.18.1" } as const;
type Network = keyof typeof NETWORKS;
const BRIDGES = Object.keys(NETWORKS) as Network[];
const CUT_FROM: Readonly<Record<Cut, readonly Network[]>> = {
  "the database": ["database"],
  everybody: BRIDGES,
};

/** Where the database has to listen, for machines in namespaces. */
export const DATABASE_HOST = addressOf("database", 1);

/** Why machines cannot be namespaces here; `undefined` when they can. */
export function whyNoNamespaces(): string | undefined {
  if (process.platform !== "linux") return "only Linux has network namespaces";
  if (process.getuid?.() !== 0) return "making network namespaces needs root";
  const missing = ["ip", "unshare", "nsenter"].filter((tool) => Bun.which(tool) === null);
  if (missing.length > 0) return `there is no ${missing.join(", ")}`;
  const links = "ip link add one type bridge && ip link add two type veth peer name three";
  const { exitCode, stderr } = Bun.spawnSync(["unshare", "--net", "sh", "-c", links]);
  return exitCode === 0 ? undefined : `network namespaces do not work: ${stderr.toString().trim()}`;
}

/** Runs a command in a network of its own, with a loopback and nothing else; gives its exit code. */
export async function inOwnNetwork(command: readonly string[]): Promise<number> {
  const script = 'ip link set lo up && exec "$@"';
  const child = Bun.spawn(["unshare", "--net", "sh", "-c", script, "sh", ...command], {
    stdio: ["inherit", "inherit", "inherit"],
  });
  for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) process.on(signal, () => child.kill(signal));
  return await child.exited;
}

/** The bridges, within {@link inOwnNetwork}; then the database can listen on {@link DATABASE_HOST}. */
export async function layBridges(): Promise<void> {
  for (const network of BRIDGES) {
    await ip("link", "add", network, "type", "bridge");
    await ip("address", "add", `${addressOf(network, 1)}/24`, "dev", network);
    await ip("link", "set", network, "up");
  }
}

/** So many machines on these bridges. */
export async function machinesInNamespaces(databaseUrl: string, amount: number): Promise<Machines> {
  const folder = mkdtempSync(join(tmpdir(), "ownkey-machines-"));
  const url = new URL(databaseUrl);
  url.hostname = DATABASE_HOST;
  const namespaces: Namespace[] = [];
  const close = async () => {
    for (const namespace of namespaces) await namespace.end();
    rmSync(folder, { recursive: true, force: true });
  };
  const set = async (machine: number, networks: readonly Network[], state: "up" | "down") => {
    for (const network of networks) await ip("link", "set", portOf(network, machine), state);
  };
  try {
    for (let number = 0; number < amount; number++) {
      const namespace = new Namespace(number, folder);
      namespaces.push(namespace);
      await namespace.begin();
    }
  } catch (error) {
    await close();
    throw error;
  }
  return {
    each: namespaces.map((namespace) => namespace.machine(url.href)),
    providerHost: addressOf("world", 1),
    providerArguments: ["--insecure-http", "--allow-private"],
    cuts: ["the database", "everybody"],
    cut: (machine, from) => set(machine, CUT_FROM[from], "down"),
    heal: (machine) => set(machine, BRIDGES, "up"),
    async replace(machine) {
      await namespaces[machine]?.end();
      await namespaces[machine]?.begin();
    },
    close,
  };
}

class Namespace {
  readonly #number: number;
  /** Leads to the namespace that there is now. */
  readonly #path: string;
  #holder: Subprocess<"pipe", "pipe", "inherit"> | undefined;

  constructor(number: number, folder: string) {
    this.#number = number;
    this.#path = join(folder, String(number));
  }

  machine(databaseUrl: string): Machine {
    const host = this.#address("world");
    return {
      databaseUrl,
      startedBy: this.#inside,
      upArguments: ["--host", host, "--allow-host", host, "--insecure-http"],
    };
  }

  async begin(): Promise<void> {
    const holder = Bun.spawn(["unshare", "--net", "sh", "-c", "ip link set lo up && echo && exec cat"], {
      stdio: ["pipe", "pipe", "inherit"],
    });
    this.#holder = holder;
    // The empty line says that the namespace is there.
    await holder.stdout.getReader().read();
    symlinkSync(`/proc/${holder.pid}/ns/net`, this.#path);
    for (const network of BRIDGES) {
      const port = portOf(network, this.#number);
      const peer = ["peer", "name", network, "address", this.#hardwareAddress(network)];
      await ip("link", "add", port, "type", "veth", ...peer, "netns", String(holder.pid));
      await ip("link", "set", port, "master", network, "up");
      await run([...this.#inside, "ip", "address", "add", `${this.#address(network)}/24`, "dev", network]);
      await run([...this.#inside, "ip", "link", "set", network, "up"]);
    }
  }

  /** Its links go first: what its connections still have to say is said to nobody. */
  async end(): Promise<void> {
    if (this.#holder === undefined) return;
    for (const network of BRIDGES) await ip("link", "delete", portOf(network, this.#number));
    this.#holder.kill("SIGKILL");
    await this.#holder.exited;
    this.#holder = undefined;
    unlinkSync(this.#path);
  }

  get #inside(): readonly string[] {
    return ["nsenter", `--net=${this.#path}`];
  }

  #address(network: Network): string {
    return addressOf(network, this.#number + 2);
  }

  /** The same for the next machine in its place, so that nobody has to learn another one. */
  #hardwareAddress(network: Network): string {
    const number = (this.#number + 2).toString(16).padStart(2, "0");
    return `02:00:00:00:0${BRIDGES.indexOf(network)}:${number}`;
  }
}

function addressOf(network: Network, host: number): string {
  return `${NETWORKS[network]}.${host}`;
}

function portOf(network: Network, machine: number): string {
  return `${network}-${machine}`;
}

async function ip(...args: readonly string[]): Promise<void> {
  await run(["ip", ...args]);
}

async function run(command: readonly string[]): Promise<void> {
  const child = Bun.spawn([...command], { stdio: ["ignore", "ignore", "pipe"] });
  const [said, exitCode] = await Promise.all([child.stderr.text(), child.exited]);
  if (exitCode !== 0) throw new Error(`${command.join(" ")} ended with ${exitCode}: ${said.trim()}`);
}
