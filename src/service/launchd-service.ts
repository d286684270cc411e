import { existsSync, mkdirSync } from "node:fs";
import { join } from "node:path";
import { AppError } from "../kernel/index.ts";
import { LAUNCHD_LABEL, launchdPlist } from "./launchd-plist.ts";
import { assertExecutable, removeServiceFile, writeServiceFile } from "./service-file.ts";
import type { Service, ServiceOptions, ServiceStatus } from "./definition.ts";

export function launchdService(options: ServiceOptions): Service {
  const file = join(options.userHome, "Library/LaunchAgents", `${LAUNCHD_LABEL}.plist`);
  const domain = `gui/${options.userId}`;
  const target = `${domain}/${LAUNCHD_LABEL}`;
  const launchctl = async (...args: string[]) => options.run("launchctl", args);

  const status = async (): Promise<ServiceStatus> => {
    const installed = existsSync(file);
    const printed = installed ? await launchctl("print", target) : undefined;
    const running = printed?.exitCode === 0 && /^\s*state = running$/m.test(printed.stdout);
    const notes =
      installed && !running ? [`to see why it does not run: tail '${options.home}/log/service.log'`] : [];
    return { file, installed, running, notes };
  };

  return {
    status,
    async install() {
      assertExecutable(options.program);
      // launchd opens the log file itself and makes no folder for it.
      mkdirSync(join(options.home, "log"), { recursive: true, mode: 0o700 });
      writeServiceFile(file, launchdPlist(options));
      // A loaded agent keeps its old definition; not loaded is no failure.
      await launchctl("bootout", target);
      await untilGone(launchctl, target);
      await launchctl("enable", target);
      const { exitCode, stderr } = await launchctl("bootstrap", domain, file);
      if (exitCode !== 0) {
        throw new AppError("internal", `launchctl bootstrap failed with exit code ${exitCode}`, {
          hint: `in a Terminal of your session: launchctl bootstrap ${domain} '${file}'`,
          cause: stderr,
        });
      }
      return status();
    },
    async uninstall() {
      if (existsSync(file)) {
        await launchctl("bootout", target);
        removeServiceFile(file);
      }
      return status();
    },
  };
}

/** `bootout` returns before the agent has gone, and `bootstrap` of one that is still there fails. */
async function untilGone(
  launchctl: (...args: string[]) => ReturnType<ServiceOptions["run"]>,
  target: string,
): Promise<void> {
  for (let attempt = 0; attempt < 200; attempt++) {
    if ((await launchctl("print", target)).exitCode !== 0) return;
  }
}
