import { AppError } from "../../kernel/index.ts";
import type { ToolAdapter } from "../../tools/index.ts";

/** What a virtual key is limited to that is used over the internet, unless something else is asked for. */
export const OUTSIDE_LIMITS = {
  budget: "5usd/day",
  days: 30,
  requestsPerMinute: 60,
} as const;

/** Stands for the address of a tunnel that is not open yet. */
export const TUNNEL_ADDRESS = "https://ADDRESS-OF-THE-TUNNEL";

/** @throws AppError `invalid_input` for a tool that runs on this machine. */
export function fromOutside({ name, traits }: ToolAdapter): void {
  if (traits.fromOutside) return;
  throw new AppError("invalid_input", `${name} runs on this machine and needs no public address`, {
    hint: "leave out --public-url and --tunnel",
  });
}

/** @throws AppError `invalid_input` when its servers have no way to the gateway. */
export function assertWayIn({ id, name, traits }: ToolAdapter, hasWay: boolean): void {
  if (!traits.fromOutside || hasWay) return;
  throw new AppError(
    "invalid_input",
    `${name}'s servers call the gateway, so that it needs a public https address`,
    {
      hint: `ownkey tools connect ${id} --tunnel cloudflared, --tunnel tailscale, or --public-url https://NAME`,
    },
  );
}
