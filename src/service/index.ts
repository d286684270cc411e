export type { Run, Service, ServiceDefinition, ServiceOptions, ServiceStatus } from "./definition.ts";
export * from "./install.ts";
export { launchdPlist } from "./launchd-plist.ts";
export * from "./service.ts";
export { systemdUnit } from "./systemd-unit.ts";
export { windowsRecipe } from "./windows-recipe.ts";
