import * as running from "../control/operations/program.ts";
import { AppError } from "../kernel/index.ts";
import type { Register } from "./register.ts";
import type { CliContext, CommonOptions } from "./context.ts";
import { example } from "./options.ts";
import { fields, print } from "./output.ts";

/** What is asked of the running program. */
export const registerRunning: Register = (program, context) => {
  program
    .command("down")
    .description("stop the running Ownkey; streams under way may finish first")
    .addHelpText("after", example("ownkey down"))
    .action(async (options: CommonOptions) => {
      const wasRunning = await askToStop(context);
      // Until it has really ended: whoever starts the next one must not find this one.
      if (!(await context.untilStopped())) throw stillFinishing();
      print(context, options, { done: true }, () => (wasRunning ? "stopped" : "nothing is running"));
    });

  program
    .command("status")
    .description("is it running, is the vault unlocked, what is in it")
    .action(async (options: CommonOptions) => {
      const status = await context.client.call(running.status, {});
      print(context, options, status, () =>
        fields([
          ["running", status.running ? `yes, pid ${status.pid}` : "no"],
          ["url", status.url],
          ["control", status.ui],
          ["home", status.home],
          ["store", status.store],
          ["vault", status.vaultId === null ? "none yet" : status.locked ? "locked" : "unlocked"],
          ["connections", status.connections],
          ["keys", status.keys],
          ["virtual keys", status.virtualKeys],
          ...(status.gateways.length > 1 ? [["gateways", gatewaysLine(status.gateways)] as const] : []),
          ["version", status.version],
        ]),
      );
    });
};

/** `4: 3 ready, 1 restarting` */
function gatewaysLine(gateways: readonly { readonly state: string }[]): string {
  const states = Map.groupBy(gateways, ({ state }) => state);
  return `${gateways.length}: ${[...states].map(([state, of]) => `${of.length} ${state}`).join(", ")}`;
}

/** False when there is nothing to be stopped. */
async function askToStop({ client }: CliContext): Promise<boolean> {
  try {
    await client.call(running.stop, {});
    return true;
  } catch (error) {
    if (error instanceof AppError && error.code === "not_running") return false;
    throw error;
  }
}

function stillFinishing(): AppError {
  return new AppError("time_limit", "Ownkey was told to stop and is still there", {
    hint: "it may be finishing streams: look again with ownkey status; SIGTERM ends it at once",
  });
}
