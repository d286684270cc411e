/**
 * Parts of a login session, for real, of which nothing outlives the test: a message bus, a keyring (GNOME's), a service
 * manager (systemd's). Without a display, so that nobody is ever asked for a password.
 */
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { until } from "./ownkey.ts";

const STARTS_WITHIN_MS = 20_000;
const LOGIN_KEYRING = "/org/freedesktop/secrets/collection/login";

/** Why no keyring can be tried here; `undefined` when one can. */
export async function whyNoKeyring(): Promise<string | undefined> {
  const missing = whyNoPrograms("dbus-send", "gnome-keyring-daemon", "ldconfig");
  if (missing !== undefined) return missing;
  // The engine's way to any keychain of a Linux desktop.
  const libraries = Bun.spawnSync(["ldconfig", "-p"]).stdout.toString();
  return libraries.includes("libsecret-1.so.0")
    ? await whyNot(new KeyringSession())
    : "there is no libsecret-1.so.0";
}

/** Why there cannot be a service manager of one's own; `undefined` when there can. */
export async function whyNoServiceManager(): Promise<string | undefined> {
  const missing = whyNoPrograms("systemd", "systemctl", "unshare", "nsenter");
  if (missing !== undefined) return missing;
  return process.getuid?.() === 0 ? await whyNot(new ServiceSession()) : "namespaces of its own need root";
}

function whyNoPrograms(...programs: readonly string[]): string | undefined {
  if (process.platform !== "linux") return "only Linux has it";
  const missing = ["dbus-daemon", ...programs].filter((name) => Bun.which(name) === null);
  return missing.length === 0 ? undefined : `there is no ${missing.join(", ")}`;
}

/** Tried once, as containers forbid this and that. */
async function whyNot(session: KeyringSession | ServiceSession): Promise<string | undefined> {
  try {
    await session.logIn();
    return undefined;
  } catch (error) {
    return (error as Error).message;
  } finally {
    await session.end();
  }
}

/** A folder that is the session's home and run time folder, and its environment. */
abstract class Session {
  readonly folder = mkdtempSync(join(tmpdir(), "ownkey-session-"));
  readonly environment: Record<string, string>;
  protected readonly busPath: string;

  constructor() {
    const runtime = join(this.folder, "run");
    this.busPath = join(runtime, "bus");
    mkdirSync(runtime, { mode: 0o700 });
    this.environment = {
      PATH: process.env["PATH"] ?? "",
      HOME: this.folder,
      XDG_RUNTIME_DIR: runtime,
      DBUS_SESSION_BUS_ADDRESS: `unix:path=${this.busPath}`,
      NO_COLOR: "1",
    };
  }

  protected get busCommand(): readonly string[] {
    return ["dbus-daemon", "--session", "--nofork", `--address=unix:path=${this.busPath}`];
  }

  protected async busIsThere(): Promise<void> {
    await until(() => existsSync(this.busPath), "the bus is there", STARTS_WITHIN_MS);
  }

  protected spawn(command: readonly string[], stdin: "ignore" | Blob = "ignore"): Bun.Subprocess {
    return Bun.spawn([...command], { env: this.environment, stdin, stdout: "ignore", stderr: "ignore" });
  }

  protected async succeeds(command: readonly string[]): Promise<boolean> {
    return (await this.spawn(command).exited) === 0;
  }

  protected forget(): void {
    rmSync(this.folder, { recursive: true, force: true });
  }
}

/** Somebody who is logged in, with a keyring that is open until it is locked. */
export class KeyringSession extends Session {
  readonly #bus = this.spawn(this.busCommand);
  #keyring: Bun.Subprocess | undefined;

  /** Logs in, for the first time or again: the keyring opens, with all that was kept in it. */
  async logIn(): Promise<void> {
    await this.#endKeyring();
    const command = ["gnome-keyring-daemon", "--foreground", "--components=secrets", "--unlock"];
    await this.busIsThere();
    this.#keyring = this.spawn(command, new Blob(["password of the session"]));
    await until(async () => await this.#hasOpenKeyring(), "the keyring is open", STARTS_WITHIN_MS);
  }

  async lock(): Promise<void> {
    const done = await this.#asksKeyring(
      "org.freedesktop.Secret.Service.Lock",
      `array:objpath:${LOGIN_KEYRING}`,
    );
    if (!done) throw new Error("the keyring cannot be locked");
  }

  async end(): Promise<void> {
    await this.#endKeyring();
    this.#bus.kill();
    await this.#bus.exited;
    this.forget();
  }

  async #endKeyring(): Promise<void> {
    this.#keyring?.kill();
    await this.#keyring?.exited;
  }

  async #hasOpenKeyring(): Promise<boolean> {
    const get = ["string:org.freedesktop.Secret.Collection", "string:Locked"];
    const told = Bun.spawn(
      [
        ...SEND,
        "--dest=org.freedesktop.secrets",
        LOGIN_KEYRING,
        "org.freedesktop.DBus.Properties.Get",
        ...get,
      ],
      { env: this.environment, stdout: "pipe", stderr: "ignore" },
    );
    return (await told.stdout.text()).includes("boolean false");
  }

  async #asksKeyring(method: string, ...args: readonly string[]): Promise<boolean> {
    return await this.succeeds([
      ...SEND,
      "--dest=org.freedesktop.secrets",
      "/org/freedesktop/secrets",
      method,
      ...args,
    ]);
  }
}

const SEND = ["dbus-send", "--session", "--print-reply", "--reply-timeout=5000"];

/**
 * A user's service manager, which comes and goes with the login. It lies in namespaces of its own: what runs there ends
 * with this process, and the machine's own manager, if it has one, knows nothing of it.
 */
export class ServiceSession extends Session {
  readonly #around: Bun.Subprocess;
  #inside = "";

  constructor() {
    super();
    // systemd asks whether the machine runs it, and that is told by a folder.
    const prepared = 'mount -t tmpfs tmpfs /run && mkdir -p /run/systemd/system && exec "$@"';
    const namespaces = ["unshare", "--mount", "--pid", "--cgroup", "--fork", "--kill-child", "--mount-proc"];
    // The bus ends with its first process, and everything with that.
    this.#around = this.spawn([...namespaces, "sh", "-c", prepared, "sh", ...this.busCommand]);
  }

  /** The start of a command line that runs what follows within. */
  get within(): readonly string[] {
    return ["nsenter", "--target", this.#inside, "--mount", "--pid", "--cgroup", "--"];
  }

  async logIn(): Promise<void> {
    await this.busIsThere();
    this.#inside ||= this.#firstProcess();
    this.spawn([...this.within, "systemd", "--user"]);
    await until(
      async () => await this.#manages("show-environment"),
      "the service manager answers",
      STARTS_WITHIN_MS,
    );
  }

  /** The manager stops everything that it has started, and ends. */
  async logOut(): Promise<void> {
    await this.#manages("exit");
    await until(
      async () => !(await this.#manages("show-environment")),
      "the manager has ended",
      STARTS_WITHIN_MS,
    );
  }

  /** Ends a process within, without a chance to clean up. */
  async kill(pid: number): Promise<void> {
    await this.succeeds([...this.within, "kill", "-9", String(pid)]);
  }

  async end(): Promise<void> {
    await this.#manages("exit");
    this.#around.kill("SIGKILL");
    await this.#around.exited;
    this.forget();
  }

  async #manages(...args: readonly string[]): Promise<boolean> {
    return await this.succeeds([...this.within, "systemctl", "--user", ...args]);
  }

  #firstProcess(): string {
    const { pid } = this.#around;
    return readFileSync(`/proc/${pid}/task/${pid}/children`, "utf8").trim();
  }
}
