import type { ConnectionSettings, ProviderId } from "../providers/index.ts";
import type { Connection } from "./connection.ts";

/** What decides whether two keys belong to one connection. */
export interface Place {
  readonly provider: ProviderId;
  readonly preset: string | null;
  readonly settings: ConnectionSettings;
}

/** The same provider at the same base URL, for the same organisation and project. */
export function isSamePlace(a: Place, b: Place): boolean {
  return (
    a.provider === b.provider &&
    a.preset === b.preset &&
    IDENTITY.every((name) => a.settings[name] === b.settings[name])
  );
}

const IDENTITY = ["baseUrl", "adminBaseUrl", "versionPath", "organization", "project", "region"] as const;

/** Settings of a connection that another key joins: what it has stays, what it lacks is taken, deployments add up. */
export function joinSettings(has: ConnectionSettings, given: ConnectionSettings): ConnectionSettings {
  const deployments = { ...given.deployments, ...has.deployments };
  return { ...given, ...has, ...(Object.keys(deployments).length > 0 ? { deployments } : {}) };
}

/** The connection that a new key joins without being told: the one with the usual name, else the oldest. */
export function connectionToJoin(all: readonly Connection[], place: Place): Connection | undefined {
  const fitting = all.filter((connection) => isSamePlace(connection, place));
  return fitting.find(({ name }) => name === usualName(place)) ?? fitting[0];
}

/** The name of a first connection: the preset's, else the provider's. */
export function usualName({ provider, preset }: Pick<Place, "provider" | "preset">): string {
  return preset ?? provider;
}
