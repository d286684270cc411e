import type { Connection, ProviderKey, TestResult } from "../../connections/index.ts";
import { formatTime, type Secret } from "../../kernel/index.ts";
import { checkKeyLocally, type Provider, providerById, secondCall } from "../../providers/index.ts";
import { type Check, type CheckResult, type ChecklistItem, ok, skip } from "../check.ts";
import { GUIDES, type LookedAt, openItems } from "../explain/guides.ts";
import type { HomeContext } from "../home-context.ts";

/** Verdicts under which a key still works, or will again by itself. */
const PASSING = new Set(["rate_limited", "overloaded", "daily_quota"]);

/**
 * One key, asked of its provider: the cheapest call, then the free one that shows more. Both are recorded as lending,
 * and the verdict is kept.
 */
export function keyCheck(context: HomeContext, connection: Connection, key: ProviderKey): Check {
  const name = `${connection.name}/${key.name}`;
  return {
    id: `keys.test:${name}`,
    title: `key ${name}`,
    group: "keys",
    limitMs: 30_000,
    async run() {
      if (key.kind === "admin") return skip("a key that manages keys is not tested by a request");
      if (key.state !== "active") return skip(`it is ${key.state}`, `ownkey keys enable ${name}`);
      if (context.vault.locked) return skip("the vault is locked", "ownkey unlock");
      const tested = await testKey(context, connection, key);
      if (tested.result.verdict === "unreachable") {
        // What is wrong is on the way, and told by the check of the way.
        return skip(`it could not be asked: ${connection.name} cannot be reached`);
      }
      await context.connections.recordVerdict(context.caller, key.id, tested.result.verdict);
      return tested.result.verdict === "ok"
        ? ok(tested.notes.join("; "))
        : diagnosis(context, connection, key, tested);
    },
  };
}

interface Tested {
  readonly result: TestResult;
  readonly value: Secret;
  /** What was found to be so. */
  readonly notes: readonly string[];
}

async function testKey(context: HomeContext, connection: Connection, key: ProviderKey): Promise<Tested> {
  const { settings } = connection;
  const provider = providerById(connection.provider, connection.preset);
  const value = await context.connections.borrow(context.caller, key.id, "key.test");
  const first = await context.keyTester.test({ provider, settings, value });
  const more = secondCall(provider, settings, first.models);
  const restricted = first.verdict === "scope_missing";
  if (!more || (first.verdict !== "ok" && !restricted)) {
    return { result: first, value, notes: [first.proves] };
  }
  const second = await context.keyTester.test({
    provider: { ...provider, testCall: () => more.call },
    settings,
    value,
  });
  if (second.verdict === "ok" || more.alsoGood.includes(second.verdict)) {
    const notes = [
      more.call.proves,
      ...(restricted ? ["The key is restricted: it may not list models."] : []),
    ];
    return { result: { ...second, verdict: "ok" }, value, notes };
  }
  // The second one failed for its own reasons; what the first one showed stands.
  if (second.verdict === "unreachable" || second.verdict === "wrong_endpoint") {
    return { result: first, value, notes: [first.proves] };
  }
  return { result: second, value, notes: [first.proves] };
}

function diagnosis(
  context: HomeContext,
  connection: Connection,
  key: ProviderKey,
  { result, value }: Tested,
): CheckResult {
  const provider = providerById(connection.provider, connection.preset);
  const verdict = result.verdict;
  const guide = GUIDES[verdict];
  const name = `${connection.name}/${key.name}`;
  const said = result.providerText === undefined ? "" : `; the provider says: ${result.providerText}`;
  return {
    status: PASSING.has(verdict) ? "warn" : "fail",
    what: `${guide.title}: ${result.explanation}`,
    why: `verdict ${verdict}${said}`,
    checklist: walked(context, { connection, key, provider, value, result }),
    next: guide.next.replaceAll("CONNECTION/KEY", name).replaceAll("CONNECTION", connection.name),
    link: result.link ?? (guide.page && provider.links[guide.page]),
  };
}

interface Walk {
  readonly connection: Connection;
  readonly key: ProviderKey;
  readonly provider: Provider;
  readonly value: Secret;
  readonly result: TestResult;
}

/** The checklist of the verdict, walked through as far as this program can: what is left is for a person. */
function walked(context: HomeContext, walk: Walk): ChecklistItem[] {
  const looks = LOOKS.map(({ by, look }) => ({ by, items: look(walk, context.clock.nowMs()) }));
  const looked = new Set(looks.filter(({ items }) => items.length > 0).map(({ by }) => by));
  return [...looks.flatMap(({ items }) => items), ...openItems(GUIDES[walk.result.verdict], looked)];
}

interface Look {
  readonly by: LookedAt["by"];
  /** Nothing where it has nothing to do with the verdict. */
  readonly look: (walk: Walk, nowMs: number) => ChecklistItem[];
}

const ABOUT_THE_VALUE = new Set(["invalid_key", "key_kind_disabled", "leaked"]);

const LOOKS: readonly Look[] = [
  {
    by: "reach",
    look: ({ connection: { settings } }) => [
      { text: `${new URL(settings.baseUrl).host} was reached and answered`, state: "sound" },
    ],
  },
  {
    by: "form",
    look({ provider, value, key, connection: { settings }, result }) {
      if (!ABOUT_THE_VALUE.has(result.verdict)) return [];
      const { problems } = checkKeyLocally(provider, value.reveal(), { kind: key.kind, settings });
      const refused = problems.filter(({ severity }) => severity === "refuse");
      if (refused.length > 0)
        return refused.map(({ message, hint }) => ({ text: `${message}: ${hint}`, state: "cause" }));
      return [{ text: `the stored value has the form of a key of ${provider.title}`, state: "sound" }];
    },
  },
  {
    by: "expiry",
    look({ key: { expiresAtMs }, result }, nowMs) {
      if (expiresAtMs === null || !ABOUT_THE_VALUE.has(result.verdict)) return [];
      const day = formatTime(expiresAtMs).slice(0, 10);
      return expiresAtMs <= nowMs
        ? [{ text: `it has expired on ${day}`, state: "cause" }]
        : [{ text: `it expires on ${day}, not before`, state: "sound" }];
    },
  },
  {
    by: "address",
    look({ provider: { defaultBaseUrl }, connection: { settings }, result }) {
      if (!ABOUT_THE_VALUE.has(result.verdict) || defaultBaseUrl !== settings.baseUrl) return [];
      return [{ text: "the base URL is the provider's own", state: "sound" }];
    },
  },
  {
    by: "account",
    look({ connection: { settings }, result }) {
      const sent = [settings.organization, settings.project].filter((part) => part !== undefined);
      if (sent.length === 0) return [];
      const state = result.verdict === "wrong_endpoint" ? "cause" : "open";
      return [{ text: `an organisation or project is sent along: ${sent.join(", ")}`, state }];
    },
  },
  {
    by: "history",
    look: ({ key: { verdict, verdictAtMs, exposed = [] } }) => [
      ...(verdict === "ok" && verdictAtMs !== null
        ? [
            {
              text: `it worked on ${formatTime(verdictAtMs).slice(0, 16).replace("T", " ")} UTC`,
              state: "sound" as const,
            },
          ]
        : []),
      ...(exposed.length > 0
        ? [
            {
              text: `others could have read it (${exposed.join(", ")}), and providers stop such keys`,
              state: "cause" as const,
            },
          ]
        : []),
    ],
  },
];
