import type { Connection } from "../../connections/index.ts";
import { normaliseSettings, resolveProviderName } from "../../providers/index.ts";
import type { Candidate } from "../plan/candidate.ts";
import type { TakenCandidate } from "../plan/file-plan.ts";
import { foundAt } from "./found-at.ts";
import { ownConnection, type PresentConnection } from "./own-connection.ts";

/** Where keys would go, for showing what would be done; nobody is asked. Ones that lack something are left out. */
export function foreseenKeys(
  candidates: readonly Candidate[],
  connections: readonly Connection[],
): TakenCandidate[] {
  // Nearly all that are there have a key.
  const present: PresentConnection[] = connections.map((connection) => ({ connection, isServed: true }));
  return candidates.flatMap((candidate) => {
    try {
      const connection = knownConnection(candidate, connections) ?? foreseen(candidate, present);
      const name = candidate.knownAs?.slice(candidate.knownAs.indexOf("/") + 1) ?? "main";
      return [{ candidate, connection, key: { name, verdict: "untested" as const } }];
    } catch {
      return [];
    }
  });
}

function knownConnection({ knownAs }: Candidate, connections: readonly Connection[]): Connection | undefined {
  return connections.find(({ name }) => knownAs?.startsWith(`${name}/`));
}

/** Added to those that are there: the next key goes elsewhere. */
function foreseen(candidate: Candidate, present: PresentConnection[]): Connection {
  const { provider } = resolveProviderName(candidate.provider);
  const { settings } = normaliseSettings(provider, candidate.settings);
  const { joined, name, ...own } = ownConnection(provider, settings, {
    present,
    found: foundAt(candidate.places)?.name,
  });
  const { id, preset } = provider;
  const connection = joined ?? { id: name, name, provider: id, preset, createdAtMs: 0, ...own };
  present.push({ connection, isServed: true });
  return connection;
}
