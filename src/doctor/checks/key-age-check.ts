import { dueAtMs, type ProviderKey, ROTATION_DAYS } from "../../connections/index.ts";
import { type Check, ok, skip } from "../check.ts";
import type { HomeContext } from "../home-context.ts";

const DAY_MS = 86_400_000;
const SOON_DAYS = 7;

/** Keys that should be replaced by now, or soon: by age and class, by their own expiry, or because others saw them. */
export function keyAgeCheck(context: HomeContext): Check {
  return {
    id: "keys.due",
    title: "age of keys",
    group: "keys",
    async run() {
      const connections = new Map((await context.connections.list()).map(({ id, name }) => [id, name]));
      const keys = (await context.connections.keys()).filter(({ state }) => state === "active");
      if (keys.length === 0) return skip("there are no keys", "ownkey keys add openai");
      const nowMs = context.clock.nowMs();
      const found = keys.flatMap((key) =>
        reasons(key, nowMs).map((reason) => ({
          ...reason,
          name: `${connections.get(key.connectionId) ?? key.connectionId}/${key.name}`,
        })),
      );
      const rule = `${ROTATION_DAYS.development} days in development, ${ROTATION_DAYS.production} in production`;
      const first = found.find(({ bad }) => bad) ?? found[0];
      if (!first) return ok(`no key is due (${rule})`);
      return {
        status: found.some(({ bad }) => bad) ? "fail" : "warn",
        what: `${found.length === 1 ? "one key" : `${new Set(found.map(({ name }) => name)).size} keys`} should be replaced`,
        why: `keys are due after ${rule}, before they expire, and when others could have read them`,
        checklist: found.map(({ name, text, bad }) => ({
          text: `${name}: ${text}`,
          state: bad ? "cause" : "open",
        })),
        next: `make a new key at the provider, then: ownkey keys replace ${first.name}`,
      };
    },
  };
}

interface Reason {
  readonly text: string;
  readonly bad: boolean;
}

function reasons(key: ProviderKey, nowMs: number): Reason[] {
  const found: Reason[] = [];
  const days = (timeMs: number) => Math.ceil((timeMs - nowMs) / DAY_MS);
  const expires = key.expiresAtMs;
  if (expires !== null && days(expires) <= SOON_DAYS) {
    const over = expires <= nowMs;
    found.push({ text: over ? "it has expired" : `it expires in ${days(expires)} days`, bad: over });
  }
  const due = dueAtMs(key);
  if (due !== null && days(due) <= SOON_DAYS) {
    const late = -days(due);
    found.push({ text: late > 0 ? `due since ${late} days` : `due in ${days(due)} days`, bad: false });
  }
  if ((key.exposed ?? []).length > 0) {
    found.push({ text: `others could have read it (${key.exposed?.join(", ")})`, bad: true });
  }
  return found;
}
