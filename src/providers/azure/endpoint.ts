import type { ParsedBaseUrl } from "../base-url.ts";
import { refuse } from "../base-url.ts";

/** An endpoint as the portal shows it may name more than the resource. */
export interface AzureEndpoint {
  readonly baseUrl: string;
  readonly deployment?: string;
  readonly apiVersion?: string;
  readonly notes: readonly string[];
}

const AZURE_HOST = /\.(?:openai|cognitiveservices|services\.ai|inference\.ai)\.azure\.(?:com|us|cn)$/;

/**
 * The resource's address out of what the portal offers for copying: the endpoint, a "target URI" with deployment and
 * api-version, or a project endpoint. In front of other hosts (API Management) a path is kept.
 * @throws AppError `invalid_input` for a path that is none of these.
 */
export function readAzureEndpoint(parsed: ParsedBaseUrl, option: string): AzureEndpoint {
  const { origin, path } = parsed;
  const below = /^(?<prefix>.*?)\/openai(?:\/v1|\/deployments\/(?<deployment>[^/]+)(?:\/.*)?|\/.*)?$/.exec(
    path,
  );
  const prefix = below ? (below.groups?.["prefix"] ?? "") : withoutProject(path);
  if (prefix !== "" && AZURE_HOST.test(parsed.hostname)) {
    throw refuse(
      { option },
      "has a path that no Azure resource has",
      "copy the endpoint from Keys and Endpoint in the portal",
    );
  }
  const deployment = below?.groups?.["deployment"];
  const apiVersion = parsed.query.get("api-version") ?? undefined;
  return {
    baseUrl: `${origin}${prefix}`,
    ...(deployment ? { deployment } : {}),
    ...(apiVersion ? { apiVersion } : {}),
    notes: path === prefix ? [] : ["the path of the endpoint was dropped; Ownkey adds it per request"],
  };
}

function withoutProject(path: string): string {
  return path.replace(/^\/api\/projects\/[^/]+$/, "");
}
