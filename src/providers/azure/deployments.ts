import type { ConnectionSettings } from "../provider.ts";

/**
 * The deployment for what a caller names: a deployment's own name stays; a model that exactly one deployment runs
 * becomes that deployment; anything else stays too, since the settings need not list every deployment.
 */
export function deploymentFor(settings: ConnectionSettings, name: string): string {
  const deployments = settings.deployments ?? {};
  if (Object.hasOwn(deployments, name)) return name;
  const running = Object.keys(deployments).filter((deployment) => deployments[deployment] === name);
  return running.length === 1 ? (running[0] ?? name) : name;
}
