import { type Command, Option } from "commander";
import type { z } from "zod";
import * as tools from "../control/operations/tools.ts";
import { AppError, formatTime, toAppError } from "../kernel/index.ts";
import type { CliContext, CommonOptions } from "./context.ts";
import { collect, example, excludeEachOther, exclusive, futureTime, given, wholeNumber } from "./options.ts";
import { paint, print, printable, warn } from "./output.ts";
import { confirm } from "./prompt.ts";
import { type Connected, connectedText, type Plan, planText, verifiedText } from "./tools-connect-text.ts";
import {
  closeDoor,
  doorText,
  type FirstRequest,
  isOutside,
  openDoor,
  type OpenDoor,
  waitForFirst,
} from "./tools-outside.ts";
import { offerService } from "./tools-service.ts";
import { shellOf } from "./tools-shell.ts";
import { verified } from "./tools-verified.ts";

interface ConnectOptions extends CommonOptions {
  all?: boolean;
  dryRun?: boolean;
  yes?: boolean;
  verify: boolean;
  connection?: string;
  model?: string;
  publicUrl?: string;
  tunnel?: "cloudflared" | "tailscale";
  doorPort?: number;
  wait?: number;
  budget?: string[];
  expires?: string;
}

type ConnectInput = z.input<typeof tools.plan.input>;

/** What became of one tool. */
interface Outcome {
  readonly tool: string;
  readonly outcome: "connected" | "planned" | "refused" | "declined";
  readonly plan?: Plan;
  readonly connected?: Connected;
  readonly door?: OpenDoor;
  readonly first?: FirstRequest;
  readonly verified?: { readonly ok: boolean; readonly what: string; readonly hint: string | null };
  readonly error?: { readonly code: string; readonly message: string; readonly hint: string | null };
}

export function registerToolsConnect(group: Command, context: CliContext, exit: { code: number }): void {
  const connect = group
    .command("connect [tools...]")
    .description("have tools use the gateway: shows every change first, and keeps what is needed to undo it")
    .option("--all", "every tool that was found, but those that are paid by subscription")
    .option("--dry-run", "show what would change, and stop there")
    .option("--yes", "do not ask")
    .option("--no-verify", "send no request afterwards")
    .option("--connection <name>", "the connection to use, when several could serve the tool")
    .option("--model <model>", "the model that the tool uses first")
    .option("--expires <time>", "when the tool's virtual key ends: a date, or a span such as 30d", futureTime)
    .option("--budget <amount>", "a hard budget of the tool's virtual key: 5usd/day", collect)
    .option("--public-url <url>", "for Cursor: the https address that you lead to the port of this machine")
    .addOption(
      new Option("--tunnel <program>", "for Cursor: have this program make a public address").choices([
        "cloudflared",
        "tailscale",
      ]),
    )
    .option("--door-port <port>", "the port that --public-url leads to (7790)", wholeNumber)
    .option(
      "--wait <seconds>",
      "how long to wait for the first request (300 on a terminal, else 0)",
      wholeNumber,
    )
    .addHelpText(
      "after",
      example(
        "ownkey tools connect claude-code",
        "ownkey tools connect --all --dry-run",
        "ownkey tools connect cursor --tunnel cloudflared",
        "ownkey tools connect cursor --public-url https://keys.example.com --budget 10usd/day",
      ),
    )
    .action(async (names: string[], options: ConnectOptions) => {
      if ((options.doorPort ?? options.wait) !== undefined && !isOutside(options)) {
        throw new AppError("usage", "--door-port and --wait are for tools that are reached from outside", {
          hint: "add --public-url or --tunnel, or leave them out",
        });
      }
      const wanted = await wantedTools(names, options.all, () => toolsForAll(context));
      const items: Outcome[] = [];
      for (const tool of wanted) items.push(await connectOne(context, tool, options, wanted.length === 1));
      print(context, options, { items: items.map(documentOf) }, () => "");
      const failed = items.some(
        ({ outcome, verified: tried }) => outcome === "refused" || tried?.ok === false,
      );
      exit.code = failed ? 1 : 0;
      if (items.some(({ outcome }) => outcome === "connected")) await offerService(context, options);
    });
  exclusive(connect, "--public-url", "--tunnel");
  exclusive(connect, "--tunnel", "--door-port");
}

/** The tools that are named, or all: one of both. */
export async function wantedTools(
  names: readonly string[],
  all: boolean | undefined,
  findAll: () => Promise<readonly string[]>,
): Promise<readonly string[]> {
  if (all && names.length > 0) throw excludeEachOther("--all", "the name of a tool");
  if (all) return await findAll();
  if (names.length > 0) return names;
  throw new AppError("usage", "name a tool, or give --all", { hint: "run: ownkey tools list" });
}

/** One that is refused does not keep the others from it, unless it is the only one. */
export async function connectOne(
  context: CliContext,
  tool: string,
  options: ConnectOptions,
  isOnly: boolean,
): Promise<Outcome> {
  const input = {
    ...shellOf(context),
    tool,
    ...given({ connection: options.connection, model: options.model, publicUrl: options.publicUrl }),
    ...given({ tunnel: options.tunnel, budgets: options.budget, expiresAt: options.expires }),
  };
  try {
    const plan = await context.client.call(tools.plan, input);
    say(context, options, planText(context, plan, { withSteps: options.dryRun === true }));
    if (options.dryRun) return { tool, outcome: "planned", plan };
    if (!(await agreed(context, plan, options))) return { tool, outcome: "declined", plan };
    if (isOutside(options)) return await connectOutside(context, plan, input, options);
    if (plan.program?.isThere === false) await installProgram(context, options);
    const connected = await context.client.call(tools.connect, { ...input, seen: plan.seen });
    say(context, options, connectedText(context, connected));
    if (
      !options.verify ||
      connected.steps.some(({ values }) => values.length > 0) ||
      plan.files.length === 0
    ) {
      return { tool, outcome: "connected", plan, connected };
    }
    await context.ensureRunning();
    const tried = await verified(context, tool, options);
    say(context, options, verifiedText(context, tried));
    return { tool, outcome: "connected", plan, connected, verified: tried };
  } catch (error) {
    const { code, message, hint } = toAppError(error);
    if (isOnly || code === "internal" || code === "cancelled" || code === "usage") throw error;
    say(
      context,
      options,
      `${paint(context, "yellow", tool)}: ${printable(message)}${hint ? `\n  ${hint}` : ""}`,
    );
    return { tool, outcome: "refused", error: { code, message, hint: hint ?? null } };
  }
}

const WAIT_SECONDS = 300;

/** The door first, as its address is among the values to enter. It is closed again when no key could be made. */
async function connectOutside(
  context: CliContext,
  plan: Plan,
  { tunnel: _tunnel, ...input }: ConnectInput,
  options: ConnectOptions,
): Promise<Outcome> {
  const { tool } = plan;
  const since = formatTime(Date.now());
  const door = await openDoor(context, tool, options);
  let connected: Connected;
  try {
    connected = await context.client.call(tools.connect, { ...input, publicUrl: door.url });
  } catch (error) {
    await closeDoor(context);
    throw error;
  }
  say(context, options, `${doorText(context, door)}\n${connectedText(context, connected)}`);
  const seconds = options.wait ?? (context.interactive ? WAIT_SECONDS : 0);
  if (seconds === 0) return { tool, outcome: "connected", plan, connected, door };
  // Before it is said: who reads this may press Ctrl-C at once.
  const waiting = waitForFirst(context, tool, { since, withinMs: seconds * 1000 });
  say(context, options, `waiting for the first request, at most ${seconds} s; Ctrl-C ends the waiting only`);
  const first = await waiting;
  say(context, options, firstText(context, first));
  return { tool, outcome: "connected", plan, connected, door, first };
}

function firstText(context: CliContext, { arrived, status, what, hint }: FirstRequest): string {
  const isFine = arrived && status !== null && status < 400;
  const text = paint(context, isFine ? "green" : "yellow", arrived ? `it arrived: ${what}` : what);
  return hint === null ? text : `${text}\n  ${printable(hint)}`;
}

/** Only where there is none yet: one that is there may be another version, and the service's. */
async function installProgram(context: CliContext, options: ConnectOptions): Promise<void> {
  const { lines } = await context.programs.install();
  say(context, options, lines.map(printable).join("\n"));
}

async function agreed(context: CliContext, plan: Plan, options: ConnectOptions): Promise<boolean> {
  if (options.yes) return true;
  const question = isOutside(options)
    ? `Open it to the internet for ${plan.name}, and make a virtual key for it?`
    : plan.bySubscription
      ? `${plan.name} is paid by subscription now; have it paid by use instead?`
      : plan.files.length > 0
        ? "Make this change?"
        : "Make a virtual key for it?";
  return await confirm(context, question, "--yes");
}

/** Those that are there, but not what a subscription pays, nor what concerns more than one tool. */
async function toolsForAll(context: CliContext): Promise<string[]> {
  const { items } = await context.client.call(tools.list, { ...shellOf(context), versions: false });
  const chosen = items.filter(
    (item) => item.notInAll === null && item.state !== "subscription" && item.takes !== "dialog",
  );
  for (const { id, name, notInAll, state, takes } of items) {
    if (state === "subscription")
      warn(
        context,
        `${name} is paid by subscription and was left out; connecting it would have it paid by use`,
      );
    else if (notInAll !== null) warn(context, `${name} was left out: ${notInAll}`);
    else if (takes === "dialog")
      warn(context, `${name} was left out: you have to enter its key yourself: ownkey tools connect ${id}`);
  }
  return chosen.map(({ id }) => id);
}

/** Progress for people; `--json` gives one document at the end. */
function say(context: CliContext, options: CommonOptions, text: string): void {
  if (!options.json && text !== "") context.stdout.write(`${text}\n`);
}

function documentOf({
  tool,
  outcome,
  plan,
  connected,
  door,
  first,
  verified: tried,
  error,
}: Outcome): object {
  return { tool, outcome, ...given({ plan, connected, door, first, verified: tried, error }) };
}
