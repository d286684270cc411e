export * from "./door.ts";
export { forgetDoor } from "./door-file.ts";
export * from "./open-door.ts";
export { assertPublicUrl } from "./public-url.ts";
export { TUNNELS, type TunnelName } from "./tunnels.ts";
