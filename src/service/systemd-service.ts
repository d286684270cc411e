import { existsSync } from "node:fs";
import { isAbsolute, join } from "node:path";
import { AppError } from "../kernel/index.ts";
import { assertExecutable, removeServiceFile, writeServiceFile } from "./service-file.ts";
import type { Service, ServiceOptions, ServiceStatus } from "./definition.ts";
import { systemdUnit, UNIT_NAME } from "./systemd-unit.ts";

export function systemdService(options: ServiceOptions): Service {
  const file = join(configDirOf(options), "systemd/user", UNIT_NAME);
  const systemctl = async (...args: string[]) => options.run("systemctl", ["--user", ...args]);

  const status = async (): Promise<ServiceStatus> => {
    const installed = existsSync(file);
    const running = installed && (await systemctl("is-active", "--quiet", UNIT_NAME)).exitCode === 0;
    const notes = installed ? await lingerNotes(options) : [];
    if (installed && !running)
      notes.unshift(`to see why it does not run: journalctl --user -u ${UNIT_NAME} -n 50`);
    return { file, installed, running, notes };
  };

  return {
    status,
    async install() {
      assertExecutable(options.program);
      await assertReachable(systemctl);
      writeServiceFile(file, systemdUnit(options));
      await must(systemctl("daemon-reload"));
      await must(systemctl("enable", UNIT_NAME));
      // Not `start`: a running one takes the new file over.
      await must(systemctl("restart", UNIT_NAME));
      return status();
    },
    async uninstall() {
      if (existsSync(file)) {
        await systemctl("disable", "--now", UNIT_NAME);
        removeServiceFile(file);
        await systemctl("daemon-reload");
      }
      return status();
    },
  };
}

/** The XDG specification has relative and empty values ignored. */
function configDirOf({ configDir, userHome }: ServiceOptions): string {
  return configDir !== undefined && isAbsolute(configDir) ? configDir : join(userHome, ".config");
}

/** Without lingering, systemd stops a user's services at the last logout and starts them at the first login. */
async function lingerNotes({ run, userId }: ServiceOptions): Promise<string[]> {
  const { exitCode, stdout } = await run("loginctl", ["show-user", String(userId), "--property=Linger"]);
  if (exitCode === 0 && stdout.trim() === "Linger=yes") return [];
  return ["it runs while you are logged in; to run it from the start of the machine: loginctl enable-linger"];
}

async function assertReachable(
  systemctl: (...args: string[]) => ReturnType<ServiceOptions["run"]>,
): Promise<void> {
  const { exitCode, stderr } = await systemctl("show-environment");
  if (exitCode === 0) return;
  throw new AppError("unsupported", "systemd's user manager cannot be reached, so no service was installed", {
    hint: "log in as this user directly (not through su or sudo), or run: ownkey up --detach",
    cause: stderr,
  });
}

async function must(result: ReturnType<ServiceOptions["run"]>): Promise<void> {
  const { exitCode, stderr } = await result;
  if (exitCode === 0) return;
  throw new AppError("internal", `systemctl failed with exit code ${exitCode}`, {
    hint: `systemctl --user status ${UNIT_NAME}`,
    cause: stderr,
  });
}
