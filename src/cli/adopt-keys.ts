/** Taking keys in, step by step: what is found, what is chosen, what the providers say, what would change, the change. */
import { resolve } from "node:path";
import * as adopt from "../control/operations/adopt.ts";
import {
  appliedText,
  exposedText,
  type FoundKey,
  foundText,
  notTakenText,
  plansText,
  storedText,
  undecidedText,
} from "./adopt-text.ts";
import { chooseSome } from "./choose.ts";
import type { CliContext } from "./context.ts";
import { paint, warn } from "./output.ts";
import { ProgressLine } from "./progress-line.ts";
import { confirm } from "./prompt.ts";
import { ScanProgressLine } from "./scan-progress.ts";
import { shellOf } from "./tools-shell.ts";
import { ensureWayBack, type WayBack } from "./way-back.ts";
import { shortPath } from "./wording.ts";

export interface AdoptOptions {
  readonly paths: readonly string[];
  readonly tools: readonly string[];
  readonly git: boolean;
  readonly yes: boolean;
  readonly dryRun: boolean;
  readonly offline: boolean;
  /** Make sure of a way back first. */
  readonly backup: boolean;
  readonly test: boolean;
  /** Where what people see goes; nowhere with `--json`. */
  readonly say: (text: string) => void;
}

type Stored = Awaited<ReturnType<typeof adopt.store.run>>["items"];
type Plans = Awaited<ReturnType<typeof adopt.plan.run>>["items"];
type Applied = Awaited<ReturnType<typeof adopt.apply.run>>;

export interface Adopted {
  readonly outcome: "nothing" | "planned" | "declined" | "stored" | "done";
  readonly keys: readonly Omit<FoundKey, "candidate">[];
  readonly notTaken: Awaited<ReturnType<typeof adopt.find.run>>["notTaken"];
  readonly stored: readonly Omit<Stored[number], "candidate">[];
  readonly plans: Plans;
  readonly applied?: Applied;
  readonly wayBack?: WayBack;
}

export async function adoptKeys(context: CliContext, options: AdoptOptions): Promise<Adopted> {
  const { say } = options;
  const found = await findKeys(context, options);
  const told = { keys: found.keys.map(withoutValue), notTaken: found.notTaken };
  if (found.keys.length === 0) {
    say(
      [
        "no provider key lies in plain text in the places that were looked at",
        ...notTakenText(context, found.notTaken),
      ].join("\n"),
    );
    return { outcome: "nothing", ...told, stored: [], plans: [] };
  }
  say(foundText(context, found));
  if (options.dryRun) {
    const { items } = await context.client.call(adopt.preview, {
      ...shellOf(context),
      candidates: found.keys.map(({ candidate }) => candidate),
      connections: found.connections,
    });
    say(plansText(context, items));
    return { outcome: "planned", ...told, stored: [], plans: items };
  }
  const chosen = options.yes ? found.keys : await choose(context, found.keys);
  if (chosen.length === 0) return { outcome: "declined", ...told, stored: [], plans: [] };
  return { ...told, ...(await takeIn(context, chosen, options)) };
}

async function findKeys(context: CliContext, { paths, tools, git }: AdoptOptions) {
  const progress = new ScanProgressLine(context);
  return await context.client
    .call(adopt.find, {
      ...shellOf(context),
      paths: paths.map((path) => resolve(context.workingDirectory, path)),
      tools: [...tools],
      git,
      onProgress: (state) => progress.show(state),
    })
    .finally(() => progress.clear());
}

async function choose(context: CliContext, keys: readonly FoundKey[]): Promise<FoundKey[]> {
  return await chooseSome(
    context,
    "Which ones shall the vault take?",
    keys.map((key) => ({
      value: key,
      label: `${key.title} ${key.masked}`,
      hint:
        key.places.length === 1
          ? shortPath(context, key.places[0]?.path ?? "")
          : `${key.places.length} places`,
    })),
  );
}

async function takeIn(
  context: CliContext,
  chosen: readonly FoundKey[],
  options: AdoptOptions,
): Promise<Omit<Adopted, "keys" | "notTaken">> {
  const { say } = options;
  await context.ensureRunning();
  const { url: gatewayUrl } = await context.client.call(adopt.gateway, {});
  say(paint(context, "bold", options.test ? "Asking the providers about them" : "Storing them"));
  const stored = await context.client.call(adopt.store, {
    candidates: chosen.map(({ candidate }) => candidate),
    test: options.test,
  });
  say(storedText(context, stored.items));
  for (const { warnings } of stored.items) for (const text of warnings) warn(context, text);
  for (const line of undecidedText(stored.undecided)) warn(context, line);
  const shell = shellOf(context);
  const { items: plans, ...planned } = await context.client.call(adopt.plan, {
    ...shell,
    taken: stored.taken,
    gatewayUrl,
  });
  const soFar = { stored: stored.items.map(withoutValue), plans };
  say(plansText(context, plans));
  const exposed = exposedText(context, stored.items);
  if (exposed.length > 0) say(exposed.join("\n"));
  if (plans.every(({ changes }) => changes.length === 0)) return { outcome: "stored", ...soFar };
  if (!options.yes && !(await confirm(context, "Change these files?", "--yes"))) {
    say("no file was changed; the keys stay in the vault as well");
    return { outcome: "declined", ...soFar };
  }
  const wayBack = options.backup ? await ensureWayBack(context, options) : undefined;
  if (planned.needsCommand) await context.programs.install();
  const progress = new ProgressLine(context);
  const applied = await context.client
    .call(adopt.apply, {
      plans: planned.plans,
      gatewayUrl,
      offline: options.offline,
      onFile: (file) => progress.show(`trying, then changing ${file}`),
    })
    .finally(() => progress.clear());
  say(appliedText(context, applied.id, applied.items));
  return { outcome: "done", ...soFar, applied, ...(wayBack ? { wayBack } : {}) };
}

function withoutValue<One extends { readonly candidate: unknown }>(one: One): Omit<One, "candidate"> {
  const { candidate: _, ...rest } = one;
  return rest;
}
