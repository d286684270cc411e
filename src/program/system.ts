/** `ownkey install` and `ownkey service`: what is done to the operating system rather than to the home. */
import { join } from "node:path";
import type { Programs, ProgramReport } from "../cli/index.ts";
import type { Config, Environment } from "../config.ts";
import { AppError } from "../kernel/index.ts";
import {
  installedProgramPath,
  installProgram,
  programSource,
  type Run,
  serviceFor,
  type ServiceStatus,
  uninstallProgram,
} from "../service/index.ts";
import { existsSync } from "node:fs";

export function createPrograms(config: () => Config, environment: Environment): Programs {
  const serviceHere = () => {
    const { home, platform, userHome } = config();
    return serviceFor({
      program: installedProgramPath(userHome),
      home,
      platform,
      userHome,
      userId: process.getuid?.() ?? 0,
      configDir: environment["XDG_CONFIG_HOME"],
      run,
    });
  };
  return {
    async service(action) {
      if (action === "install" && !existsSync(installedProgramPath(config().userHome))) {
        throw new AppError("not_found", "the service needs the command at its stable place", {
          hint: "run first: ownkey install",
        });
      }
      return serviceReport(await serviceHere()[action]());
    },
    uninstall() {
      const { userHome } = config();
      const source = programSource(join(import.meta.dir, "../main.ts"), process.execPath);
      const path = installedProgramPath(userHome);
      const isGone = uninstallProgram({ source, userHome });
      const runsFrom = source.kind === "package" ? join(source.launcher, "../..") : source.path;
      return Promise.resolve({
        document: { path, isGone, runsFrom: existsSync(runsFrom) ? runsFrom : null },
        lines: [isGone ? `removed ${path}` : `left ${path}, which is another program`],
        ok: true,
      });
    },
    install() {
      const { userHome, platform } = config();
      const source = programSource(join(import.meta.dir, "../main.ts"), process.execPath);
      const installed = installProgram({ source, userHome, platform, searchPath: environment["PATH"] ?? "" });
      return Promise.resolve({
        document: { path: installed.path, kind: installed.kind, notes: installed.notes },
        lines: [`installed ${installed.path}`, ...installed.notes],
        ok: true,
      });
    },
  };
}

function serviceReport({ file, installed, running, notes }: ServiceStatus): ProgramReport {
  return {
    document: { file, installed, running, notes },
    lines: [
      `${installed ? "installed" : "not installed"}, ${running ? "running" : "not running"}: ${file}`,
      ...notes,
    ],
    ok: true,
  };
}

const run: Run = async (command, args) => {
  try {
    const child = Bun.spawn([command, ...args], { stdin: "ignore", stdout: "pipe", stderr: "pipe" });
    const [stdout, stderr, exitCode] = await Promise.all([
      child.stdout.text(),
      child.stderr.text(),
      child.exited,
    ]);
    return { exitCode, stdout, stderr };
  } catch {
    return { exitCode: 127, stdout: "", stderr: `${command}: not found` };
  }
};
