import type { ConnectionSettings, RouteRequest } from "../provider.ts";
import { joinUrl, replacePrefix, withDefaultParameter } from "../urls.ts";
import { deploymentFor } from "./deployments.ts";

/** Last stable version of the dated data plane; used when neither caller nor connection names one. */
export const DEFAULT_API_VERSION = "2024-10-21";

/**
 * Azure's two ways: `/openai/v1/…` needs no version and names the deployment in the body; every other `/openai/…`
 * needs `api-version`, the caller's before the connection's.
 */
export function azureUrl(settings: ConnectionSettings, request: RouteRequest): URL {
  const path = replacePrefix(request.path, "/v1", "/openai/v1");
  if (`${path}/`.startsWith("/openai/v1/")) return joinUrl(settings.baseUrl, path, request.query);
  const query = withDefaultParameter(
    request.query,
    "api-version",
    settings.apiVersion ?? DEFAULT_API_VERSION,
  );
  return joinUrl(settings.baseUrl, withDeployment(settings, path), query);
}

function withDeployment(settings: ConnectionSettings, path: string): string {
  return path.replace(/^(\/openai\/deployments\/)([^/]+)/, (whole, prefix: string, encoded: string) => {
    const name = decoded(encoded);
    return name === undefined ? whole : prefix + encodeURIComponent(deploymentFor(settings, name));
  });
}

function decoded(text: string): string | undefined {
  try {
    return decodeURIComponent(text);
  } catch {
    return undefined;
  }
}
