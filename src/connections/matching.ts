import type { ConnectionSettings, ProviderId } from "../providers/index.ts";
import type { Connection } from "./connection.ts";

/** What decides whether two keys belong to one connection. */
export interface Place {
  readonly provider: ProviderId;
  readonly preset: string | null;
  readonly settings: ConnectionSettings;
}

/**
 * What of a connection is another than what a new key is for, in words; nothing when the key belongs to it: the same
 * provider at the same base URL, for the same organisation and project, and no other region than is asked for.
 */
export function differences(connection: Place, wanted: Place): string[] {
  const differs = (name: keyof ConnectionSettings) => connection.settings[name] !== wanted.settings[name];
  const isElsewhere = wanted.settings.region !== undefined && differs("region");
  return [
    ...(connection.provider === wanted.provider && connection.preset === wanted.preset ? [] : ["provider"]),
    ...(ADDRESS.some(differs) ? ["base URL"] : []),
    ...ACCOUNT.filter(differs),
    ...(isElsewhere ? ["region"] : []),
  ];
}

const ADDRESS = ["baseUrl", "adminBaseUrl", "versionPath"] as const;
const ACCOUNT = ["organization", "project"] as const;

/** Settings of a connection that another key joins: what it has stays, what it lacks is taken, deployments add up. */
export function joinSettings(has: ConnectionSettings, given: ConnectionSettings): ConnectionSettings {
  const deployments = { ...given.deployments, ...has.deployments };
  return { ...given, ...has, ...(Object.keys(deployments).length > 0 ? { deployments } : {}) };
}

/** The connection that a new key joins without being told: the one with the usual name, else the oldest. */
export function connectionToJoin(all: readonly Connection[], place: Place): Connection | undefined {
  const fitting = all.filter((connection) => differences(connection, place).length === 0);
  return fitting.find(({ name }) => name === usualName(place)) ?? fitting[0];
}

/** The name of a first connection: the preset's, else the provider's. */
export function usualName({ provider, preset }: Pick<Place, "provider" | "preset">): string {
  return preset ?? provider;
}
