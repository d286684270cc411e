import type { Connection } from "../../connections/index.ts";
import { providerById } from "../../providers/index.ts";
import { type Check, type CheckResult, type ChecklistItem, ok } from "../check.ts";
import type { HomeContext } from "../home-context.ts";
import type { Reach } from "../network.ts";

const DAY_MS = 86_400_000;
const CERTIFICATE_WARN_DAYS = 14;

/** Whether a connection's address can be reached, whatever its keys: name, connection, certificate, answer. */
export function connectionCheck(context: HomeContext, connection: Connection): Check {
  return {
    id: `connections.reach:${connection.name}`,
    title: `the way to ${connection.name}`,
    group: "connections",
    async run() {
      const { settings } = connection;
      const reach = await context.network.reach(probedUrl(connection), settings);
      return reach.step === "answered"
        ? answered(connection, reach, context.clock.nowMs())
        : ended(connection, reach);
    },
  };
}

/** What the key's own test calls, so that a base URL with a path is looked at as it is used. */
export function probedUrl({ provider, preset, settings }: Connection): string {
  return providerById(provider, preset).testCall(settings).url;
}

function answered({ settings }: Connection, reach: Reach, nowMs: number): CheckResult {
  const { host } = new URL(settings.baseUrl);
  const days =
    reach.certificateUntilMs === undefined
      ? undefined
      : Math.floor((reach.certificateUntilMs - nowMs) / DAY_MS);
  if (days !== undefined && days < CERTIFICATE_WARN_DAYS) {
    return {
      status: "warn",
      what: `${host} answers; its certificate ends in ${days} days`,
      next: "when it is your own server, renew the certificate",
    };
  }
  return ok(`${host} answers after ${reach.durationMs} ms`);
}

const STEPS = ["name", "address", "connect", "certificate", "answer"] as const;

const WORDS: Readonly<Record<(typeof STEPS)[number], { sound: string; cause: string; next: string }>> = {
  name: {
    sound: "the name is found",
    cause: "the name is not found",
    next: "see that the base URL is spelt right and that this machine has a network and a name service",
  },
  address: {
    sound: "the address may be called",
    cause: "the address may not be called",
    next: "when it is meant to be on your own network: ownkey connections set NAME --allow-private yes",
  },
  connect: {
    sound: "something listens there",
    cause: "nothing answers at that address and port",
    next: "start the server; for a provider of the internet look at firewall, VPN and its status page",
  },
  certificate: {
    sound: "its certificate is trusted",
    cause: "its certificate is not trusted here",
    next: "a company's proxy brings a certificate of its own: start Ownkey with NODE_EXTRA_CA_CERTS=FILE; never switch the check off",
  },
  answer: {
    sound: "it answers",
    cause: "it took the connection and does not answer",
    next: "look at the provider's status page; a proxy on the way may hold the answer back",
  },
};

function ended({ name, provider, preset, settings }: Connection, { step, problem }: Reach): CheckResult {
  const known = providerById(provider, preset);
  const at = STEPS.findIndex((one) => one === step);
  const words = WORDS[STEPS[at] ?? "answer"];
  const checklist: ChecklistItem[] = STEPS.slice(0, at + 1).map((one, index) =>
    index < at
      ? { text: WORDS[one].sound, state: "sound" }
      : { text: `${WORDS[one].cause}${problem === undefined ? "" : `: ${problem}`}`, state: "cause" },
  );
  return {
    status: "fail",
    what: `${new URL(settings.baseUrl).host} cannot be reached: ${words.cause}`,
    why: "this says nothing about the keys of the connection",
    checklist,
    next: words.next.replace("NAME", name),
    link: settings.baseUrl === known.defaultBaseUrl ? known.links.status : undefined,
  };
}
