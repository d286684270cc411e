/** A program's environment before Ownkey's own variables come in. */
export type Variables = Readonly<Record<string, string | undefined>>;

const REFERENCE = "ownkey://";

/** The environment with the files' variables over it, the last file first. `read` throws for a file that is not there. */
export async function withEnvFiles(
  environment: Variables,
  files: readonly string[],
  read: (path: string) => string,
): Promise<Variables> {
  if (files.length === 0) return environment;
  // Only now: its module takes longer to load than a run without it.
  const { parseEnv } = await import("node:util");
  return Object.assign({}, environment, ...files.map((path) => parseEnv(read(path)))) as Variables;
}

/** Variables whose whole value is a reference to a key. */
export function referencesIn(variables: Variables): Record<string, string> {
  const found: Record<string, string> = {};
  for (const [name, value] of Object.entries(variables)) {
    if (value?.includes(REFERENCE) && value.trim().startsWith(REFERENCE)) found[name] = value.trim();
  }
  return found;
}

const PROXIES = ["HTTP_PROXY", "http_proxy", "ALL_PROXY", "all_proxy"];
const LOOPBACK = ["127.0.0.1", "localhost"];

export interface Changes {
  readonly set: Readonly<Record<string, string>>;
  readonly unset: readonly string[];
}

/** What the program gets. Where a proxy is set for plain http, the gateway is taken out of it: it would get the token. */
export function changedVariables(variables: Variables, { set, unset }: Changes): Record<string, string> {
  const changed: Record<string, string> = {};
  for (const [name, value] of Object.entries(variables)) {
    if (value !== undefined && !unset.includes(name)) changed[name] = value;
  }
  Object.assign(changed, set);
  if (PROXIES.some((name) => (changed[name] ?? "") !== "")) {
    for (const name of ["NO_PROXY", "no_proxy"]) {
      const before = (changed[name] ?? changed["NO_PROXY"] ?? "").split(",").filter((host) => host !== "");
      changed[name] = [...before, ...LOOPBACK.filter((host) => !before.includes(host))].join(",");
    }
  }
  return changed;
}
