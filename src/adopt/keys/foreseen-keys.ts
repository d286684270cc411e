import { type Connection, connectionToJoin } from "../../connections/index.ts";
import { normaliseSettings, resolveProviderName } from "../../providers/index.ts";
import type { Candidate } from "../plan/candidate.ts";
import type { TakenCandidate } from "../plan/file-plan.ts";
import { freeName } from "./free-name.ts";

/** Where keys would go, for showing what would be done; nobody is asked. Ones that lack something are left out. */
export function foreseenKeys(
  candidates: readonly Candidate[],
  connections: readonly Connection[],
): TakenCandidate[] {
  const all: Pick<Connection, "id" | "name" | "provider" | "preset" | "settings" | "createdAtMs">[] = [
    ...connections,
  ];
  const names: [connectionId: string, key: string][] = [];
  return candidates.flatMap((candidate) => {
    try {
      const { provider } = resolveProviderName(candidate.provider);
      const { settings } = normaliseSettings(provider, candidate.settings);
      const place = { provider: provider.id, preset: provider.preset, settings };
      const joined = connectionToJoin(all, place);
      const name = freeName(
        provider.preset ?? provider.id,
        all.map((one) => one.name),
      );
      const connection = joined ?? { id: name, name, ...place, createdAtMs: 0 };
      if (!joined) all.push(connection);
      const own = names.filter(([id]) => id === connection.id).map(([, taken]) => taken);
      const key = freeName("main", own);
      names.push([connection.id, key]);
      return [{ candidate, connection, key: { name: key, verdict: "untested" as const } }];
    } catch {
      return [];
    }
  });
}
