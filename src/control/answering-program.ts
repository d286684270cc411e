import { createSocketClient } from "./client.ts";
import { readRunning, type Running } from "./running.ts";

/** The running program, if it answers. */
export async function answeringProgram(home: string): Promise<Running | undefined> {
  const running = readRunning(home);
  return running && (await createSocketClient(running.socket).answers()) ? running : undefined;
}
