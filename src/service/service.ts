import { AppError } from "../kernel/index.ts";
import type { Service, ServiceOptions } from "./definition.ts";
import { launchdService } from "./launchd-service.ts";
import { systemdService } from "./systemd-service.ts";
import { windowsRecipe } from "./windows-recipe.ts";

/** @throws AppError `unsupported` on systems without systemd or launchd, with what to do instead. */
export function serviceFor(options: ServiceOptions): Service {
  switch (options.platform) {
    case "linux":
      return systemdService(options);
    case "darwin":
      return launchdService(options);
    case "win32":
      throw new AppError("unsupported", "on Windows the service is set up by hand", {
        hint: `in PowerShell:\n${windowsRecipe(options)}`,
      });
    default:
      throw new AppError("unsupported", `no service manager is known for ${options.platform}`, {
        hint: "start it with: ownkey up --detach",
      });
  }
}
