import { z } from "zod";
import { assertPublicUrl, type Door, type DoorWay, type OpenDoor, TUNNELS } from "../../door/index.ts";
import { AppError, formatTime } from "../../kernel/index.ts";
import { programOnPath } from "../../tools/index.ts";
import type { Control } from "../control.ts";
import { operation } from "../operation.ts";
import { doneSchema, emptySchema, timeSchema } from "../schemas.ts";
import { fromOutside } from "../tools/from-outside.ts";
import { knownAdapter, machineOf, shellInput } from "../tools/machine.ts";

const openSchema = z.object({
  tool: z.string(),
  url: z.string().describe("the public address, without a path"),
  localUrl: z.string().describe("where it listens; it serves /t/TOOL/ for that name and nothing else"),
  way: z.enum(["cloudflared", "tailscale", "url"]),
  problem: z.string().nullable().describe("why nothing comes in any more"),
  seen: z
    .array(z.object({ at: timeSchema, status: z.number(), path: z.string() }))
    .describe("the last requests, the newest last"),
  notes: z.array(z.string()),
});

export const open = operation({
  name: "door.open",
  summary: "Open the way in from outside for one tool: its paths, one public name, and keys made for it",
  place: "running",
  input: z.object({
    ...shellInput,
    tool: z.string().min(1).max(64),
    tunnel: z.enum(["cloudflared", "tailscale"]).optional().describe("drive this program"),
    publicUrl: z.string().max(300).optional().describe("or: the address that you lead to the port yourself"),
    port: z.number().int().min(0).max(65_535).default(7790),
  }),
  output: openSchema,
  async run(control, _caller, { tool, tunnel, publicUrl, port, ...shell }) {
    fromOutside(knownAdapter(tool));
    const machine = machineOf(shell);
    const request = { tool, env: machine.env, userHome: machine.home };
    const way = wayOf({ tunnel, publicUrl, port }, (name) => programOnPath(machine, name));
    return documentOf(await doorOf(control).open({ ...request, way }));
  },
});

export const show = operation({
  name: "door.show",
  summary: "The way in from outside, and what came to it",
  place: "running",
  input: emptySchema,
  output: z.object({ open: openSchema.nullable() }),
  run(control) {
    const open = doorOf(control).state();
    return Promise.resolve({ open: open ? documentOf(open) : null });
  },
});

export const close = operation({
  name: "door.close",
  summary: "Close the way in from outside, and end its tunnel",
  place: "running",
  input: emptySchema,
  output: doneSchema,
  async run(control) {
    await doorOf(control).close();
    return { done: true as const };
  },
});

function doorOf({ running }: Control): Door {
  if (running?.door) return running.door;
  throw new AppError("not_running", "no Ownkey is running on this home", {
    hint: "start it with: ownkey up --detach",
  });
}

interface Wanted {
  readonly tunnel: keyof typeof TUNNELS | undefined;
  readonly publicUrl: string | undefined;
  readonly port: number;
}

/** @throws AppError `not_found` when the tunnel's program is not there; `invalid_input`. */
function wayOf(
  { tunnel, publicUrl, port }: Wanted,
  programOf: (name: string) => string | undefined,
): DoorWay {
  if (tunnel !== undefined) {
    const program = programOf(tunnel);
    if (program !== undefined) return { tunnel, program };
    throw new AppError("not_found", `${tunnel} is not installed, or not in PATH`, {
      hint: `install it: ${TUNNELS[tunnel].install}`,
    });
  }
  if (publicUrl === undefined) {
    throw new AppError("invalid_input", "neither a tunnel nor a public address was named");
  }
  assertPublicUrl(publicUrl);
  return { url: publicUrl, port };
}

function documentOf({ seen, problem, ...open }: OpenDoor): z.output<typeof openSchema> {
  return {
    ...open,
    problem: problem ?? null,
    seen: seen.map(({ atMs, ...one }) => ({ at: formatTime(atMs), ...one })),
    notes: open.way === "url" ? [] : [...TUNNELS[open.way].notes],
  };
}
