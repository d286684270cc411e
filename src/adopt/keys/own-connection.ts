import { type Connection, connectionToJoin, joinSettings } from "../../connections/index.ts";
import type { ConnectionSettings, Provider } from "../../providers/index.ts";
import { freeName } from "./free-name.ts";

/** A connection that is there, and whether some key serves its requests. */
export interface PresentConnection {
  readonly connection: Connection;
  readonly isServed: boolean;
}

export interface OwnConnection {
  /** One that is there and has no key; `undefined` when it is to be made. */
  readonly joined: Connection | undefined;
  readonly name: string;
  readonly settings: ConnectionSettings;
}

/**
 * Where a found key goes: one key serves the requests of a connection, so that a second one would be replaced by the first
 * wherever it was used, and another account would pay. What is known of how its provider is reached is taken over.
 * @param found where the key was found, in a word: it tells the connection from the others
 */
export function ownConnection(
  provider: Provider,
  settings: ConnectionSettings,
  { present, found }: { readonly present: readonly PresentConnection[]; readonly found: string | undefined },
): OwnConnection {
  const place = { provider: provider.id, preset: provider.preset, settings };
  const free = present.filter(({ isServed }) => !isServed).map(({ connection }) => connection);
  const joined = connectionToJoin(free, place);
  if (joined) return { joined, name: joined.name, settings };
  const all = present.map(({ connection }) => connection);
  const sibling = connectionToJoin(all, place);
  const usual = provider.preset ?? provider.id;
  const names = all.map(({ name }) => name);
  const isFirst = !names.includes(usual);
  const name = isFirst || found === undefined || found === usual ? usual : `${usual}-${found}`;
  return {
    joined: undefined,
    name: freeName(name, names),
    settings: sibling ? joinSettings(sibling.settings, settings) : settings,
  };
}
