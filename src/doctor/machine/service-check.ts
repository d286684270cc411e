import { existsSync } from "node:fs";
import { AppError } from "../../kernel/index.ts";
import { installedProgramPath, serviceFor } from "../../service/index.ts";
import { type Check, ok, skip } from "../check.ts";
import type { MachineContext } from "../machine-context.ts";

/** Started with the session, from the stable place that tools and the service name. */
export function serviceCheck(context: MachineContext): Check {
  const { home, userHome, platform, userId, environment, run } = context;
  return {
    id: "program.service",
    title: "service",
    group: "program",
    async run() {
      const program = installedProgramPath(userHome);
      try {
        const service = serviceFor({
          program,
          home,
          platform,
          userHome,
          userId: userId ?? 0,
          configDir: environment["XDG_CONFIG_HOME"],
          run,
        });
        const { installed, running, file } = await service.status();
        if (!installed) {
          return skip("it is not started with the session", "ownkey install, then: ownkey service install");
        }
        if (!existsSync(program)) {
          return {
            status: "fail",
            what: `the service starts ${program}, which is not there`,
            next: "ownkey install; then: ownkey service install",
          };
        }
        if (running) return ok("it is started with the session");
        return {
          status: "warn",
          what: `it is set up (${file}) and does not run`,
          next: "ownkey service install starts it; its log is in the home's log/",
        };
      } catch (error) {
        if (error instanceof AppError && error.code === "unsupported")
          return skip(error.message, "ownkey up --detach");
        throw error;
      }
    },
  };
}
