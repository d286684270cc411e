import { type RetirementNotice, retirementOf } from "../../providers/index.ts";
import { type Check, ok } from "../check.ts";
import type { HomeContext } from "../home-context.ts";

const DAY_MS = 86_400_000;
const SEEN_DAYS = 30;
/** As far ahead as somebody has to plan; nearer it is said again, louder. */
const WARN_DAYS = 90;

interface Retiring extends RetirementNotice {
  readonly name: string;
  readonly where: string;
}

/** Models that are in use here and go, or are gone: seen in requests, or written into a connection. */
export function modelCheck(context: HomeContext): Check {
  return {
    id: "models.retiring",
    title: "models that go",
    group: "models",
    async run() {
      const found = [...(await configured(context)), ...(await seen(context))]
        .filter(({ daysLeft }) => daysLeft <= WARN_DAYS)
        .toSorted((a, b) => a.daysLeft - b.daysLeft);
      if (found.length === 0) return ok("no model that is used here goes within 90 days");
      const gone = found.some(({ retired }) => retired);
      return {
        status: gone ? "fail" : "warn",
        what: gone ? "a model that is used here is retired" : "a model that is used here will be retired",
        why: "the provider ends it on the day below; dates move, and this program's table says when it was read",
        checklist: found.map((notice) => ({ text: words(notice), state: notice.retired ? "cause" : "open" })),
        next: "choose another one where it is set: ownkey models lists what the connections offer",
        link: found[0]?.source,
      };
    },
  };
}

async function configured({ connections, clock }: HomeContext): Promise<Retiring[]> {
  return (await connections.list()).flatMap(({ name: where, provider, settings }) => {
    const names = [settings.model, ...Object.values(settings.deployments ?? {})];
    return names.flatMap((name) => retiring(name, where, provider, clock.nowMs()));
  });
}

async function seen({ connections, ledgers, clock }: HomeContext): Promise<Retiring[]> {
  const nowMs = clock.nowMs();
  const providers = new Set((await connections.list()).map(({ provider }) => provider));
  const models = new Set<string>();
  for await (const { key } of ledgers.totals({
    by: "model",
    sinceMs: nowMs - SEEN_DAYS * DAY_MS,
    untilMs: nowMs,
  })) {
    if (key !== null) models.add(key);
  }
  return [...models].flatMap((model) =>
    [...providers].flatMap((provider) =>
      retiring(model, `requests of the last ${SEEN_DAYS} days`, provider, nowMs),
    ),
  );
}

function retiring(
  name: string | undefined,
  where: string,
  provider: Parameters<typeof retirementOf>[0],
  nowMs: number,
): Retiring[] {
  const notice = name === undefined || name === "" ? undefined : retirementOf(provider, name, nowMs);
  return notice && name !== undefined ? [{ ...notice, name, where }] : [];
}

function words({ name, where, date, retired, daysLeft, replacement, checkedOn }: Retiring): string {
  const when = retired ? `gone since ${date}` : `goes on ${date}, in ${daysLeft} days`;
  const instead = replacement === undefined ? "" : `, the provider names ${replacement}`;
  return `${name} (${where}): ${when}${instead} (read ${checkedOn})`;
}
