import type { Caller } from "../../access/index.ts";
import type { Connection, ListedModel } from "../../connections/index.ts";
import { AppError } from "../../kernel/index.ts";
import { retirementOf } from "../../providers/index.ts";
import type { Habit } from "../../tools/index.ts";
import type { Control } from "../control.ts";

/** How many models a tool with a list of its own is given: more than these nobody chooses from. */
const MOST_MODELS = 40;

/** Not for conversations: what it is for stands in a model's name. */
const OTHER_USES =
  /embed|whisper|tts|transcri|speech|audio|realtime|image|dall-e|sora|veo|imagen|moderation|rerank|guard|babbage|davinci|computer-use|aqa|deep-research|robotics|lyria/i;

/** Chosen by those who know them; nobody wants them unasked. */
const SPECIAL = /(?:^|[-.])(?:pro|nano|lite|search|instruct|oss|preview|exp|latest)(?:[-.]|$)/;

/** A snapshot of a model that is there without a date as well. */
const DATED = /-(?:\d{4}-\d{2}-\d{2}|\d{8}|\d{4}|\d{3})$/;

const SOON_DAYS = 60;

export interface WantedModels {
  /** Named by the user. */
  readonly model?: string | undefined;
  /** What the tool uses now. */
  readonly habit?: Habit;
}

/**
 * Models of a connection, the one to use first: named by the user, else the connection's own, else what the tool uses
 * now, as far as the provider lists it, else a usual one of the list. Asking for the list costs nothing.
 * @throws AppError `conflict` when no model is known and none is given.
 */
export async function modelsFor(
  { modelLists, clock }: Pick<Control, "modelLists" | "clock">,
  caller: Caller,
  connection: Connection,
  { model: named, habit = {} }: WantedModels = {},
): Promise<[string, ...string[]]> {
  const { model, deployments } = connection.settings;
  const told = [named, model, ...Object.keys(deployments ?? {})].filter((one) => one !== undefined);
  const { models, problem } = await modelLists.of(caller, connection);
  const isKnown = models.some(({ id }) => id === habit.model);
  const usual = usualFirst(connection, models, clock.nowMs());
  const all = [...told, ...(isKnown && habit.model !== undefined ? [habit.model] : []), ...usual];
  const [first, ...rest] = [...new Set(all)];
  if (first !== undefined) return [first, ...rest.slice(0, MOST_MODELS - 1)];
  const why = problem === undefined ? "" : `: ${problem}`;
  throw new AppError("conflict", `no model of the connection "${connection.name}" is known${why}`, {
    hint: "name one with --model MODEL",
  });
}

/** What stays, before what goes soon; ordinary names before special ones; new before old. */
function usualFirst({ provider }: Connection, models: readonly ListedModel[], nowMs: number): string[] {
  const goes = ({ id, shutdownDate }: ListedModel) => {
    const days = retirementOf(provider, id, nowMs)?.daysLeft;
    const told = shutdownDate === undefined ? undefined : (Date.parse(shutdownDate) - nowMs) / 86_400_000;
    return (days ?? told ?? SOON_DAYS) < SOON_DAYS;
  };
  const ids = new Set(models.map(({ id }) => id));
  const isSpecial = (id: string) => SPECIAL.test(id) || (DATED.test(id) && ids.has(id.replace(DATED, "")));
  return models
    .filter(({ id }) => !OTHER_USES.test(id))
    .map((model) => ({ ...model, goes: Number(goes(model)), special: Number(isSpecial(model.id)) }))
    .toSorted(
      (a, b) =>
        a.goes - b.goes ||
        a.special - b.special ||
        (b.createdAtMs ?? 0) - (a.createdAtMs ?? 0) ||
        versionIn(b.id) - versionIn(a.id),
    )
    .map(({ id }) => id);
}

/** `2.5` of `gemini-2.5-flash`; for lists without dates. */
function versionIn(id: string): number {
  return Number(/\d+(?:\.\d+)?/.exec(id)?.[0] ?? 0);
}
