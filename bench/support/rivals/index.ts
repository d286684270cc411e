import type { ServerUnderTest } from "../servers.ts";
import { startBifrost } from "./bifrost.ts";
import { startLiteLlm } from "./litellm.ts";
import { startNginx } from "./nginx.ts";
import { startPortkey } from "./portkey.ts";

/** Starts the other gateways that this machine or the folder has, and says in a line which it has not. */
export async function startRivals(upstreamPort: number, folder: string): Promise<ServerUnderTest[]> {
  const found = [
    await startNginx(upstreamPort),
    await startPortkey(upstreamPort, folder),
    await startLiteLlm(upstreamPort, folder),
    await startBifrost(upstreamPort, folder),
  ];
  const missing = found.flatMap((rival) => ("missing" in rival ? [rival.missing] : []));
  if (missing.length > 0) console.log(`not compared: ${missing.join("; ")}`);
  return found.flatMap((rival) => ("missing" in rival ? [] : [rival]));
}
