import * as requests from "../control/operations/requests.ts";
import type { Register } from "./register.ts";
import type { CliContext, CommonOptions } from "./context.ts";
import { example, given, pastTime, wholeNumber } from "./options.ts";
import { fields, jsonText, print, printable, shortTime, table } from "./output.ts";
import { requestLine } from "./request-line.ts";

type RequestDocument = Awaited<ReturnType<typeof requests.show.run>>["items"][number];

interface ListOptions extends CommonOptions {
  limit?: number;
  since?: string;
  until?: string;
}

/** How often `tail` looks for new requests. */
const TAIL_EVERY_MS = 500;

export const registerRequests: Register = (program, context) => {
  const group = program.command("requests").description("the ledger: one row for every attempt");

  group
    .command("list")
    .description("the newest requests")
    .addHelpText("after", example("ownkey requests list --since 1h"))
    .option("--limit <number>", "how many", wholeNumber, 50)
    .option("--since <time>", "from this time on: a date or a span back from now such as 1h", pastTime)
    .option("--until <time>", "up to this time", pastTime)
    .action(async (options: ListOptions) => {
      const { client } = context;
      const list = await client.call(
        requests.list,
        given({ limit: options.limit, since: options.since, until: options.until }),
      );
      print(context, options, list, () => requestTable(list.items));
    });

  group
    .command("show <id>")
    .description("everything recorded of one request, by the id in its x-ownkey-request-id header")
    .addHelpText("after", example("ownkey requests show req_01j9zk3v5x"))
    .action(async (id: string, options: CommonOptions) => {
      const found = await context.client.call(requests.show, { id });
      print(context, options, found, () => found.items.map(requestFields).join("\n\n"));
    });

  group
    .command("tail")
    .description("requests as they end, until interrupted")
    .option("--json", "print each request as one line of JSON")
    .addHelpText("after", example("ownkey requests tail"))
    .action((options: CommonOptions) => tail(context, options));
};

/** A request is shown once it has ended; one under way is looked at again. */
async function tail(context: CliContext, options: CommonOptions): Promise<void> {
  const { client } = context;
  const shown = new Set<string>();
  let since = new Date().toISOString();
  if (context.interactive && !options.json) {
    context.stderr.write("requests appear here as they end; Ctrl-C stops this\n");
  }
  while (!context.isUnread()) {
    const { items } = await client.call(requests.list, { limit: 500, since });
    const ended = items.filter((item) => item.state !== "reserved" && !shown.has(item.attemptId)).reverse();
    for (const item of ended) {
      shown.add(item.attemptId);
      context.stdout.write(`${options.json ? jsonText(item) : printable(requestLine(item))}\n`);
    }
    const open = items.filter((item) => item.state === "reserved").map((item) => item.startedAt);
    since = open.sort()[0] ?? items[0]?.startedAt ?? since;
    await Bun.sleep(TAIL_EVERY_MS);
  }
}

function requestTable(items: readonly RequestDocument[]): string {
  return table(
    items,
    [
      { title: "time", of: (item) => shortTime(item.startedAt) },
      { title: "status", of: (item) => (item.state === "reserved" ? "open" : (item.status ?? item.end)) },
      { title: "virtual key", of: (item) => item.virtualKey },
      { title: "model", of: (item) => item.modelAnswered ?? item.modelRequested },
      { title: "in", of: (item) => item.inputTokens, right: true },
      { title: "out", of: (item) => item.outputTokens, right: true },
      { title: "cost usd", of: (item) => costText(item), right: true },
      { title: "ms", of: (item) => item.durationMs, right: true },
      { title: "request", of: (item) => item.requestId },
    ],
    "no requests yet",
  );
}

function requestFields(item: RequestDocument): string {
  return fields([
    ["request", item.requestId],
    ["attempt", item.attempt],
    ["started", item.startedAt],
    ["ended", item.endedAt],
    ["end", item.end ?? item.state],
    ["status", item.status],
    ["verdict", item.verdict],
    ["virtual key", item.virtualKey],
    ["connection", item.connection],
    ["key", item.providerKey],
    ["tool", item.tool],
    ["route", item.route],
    ["stream", item.stream ? "yes" : "no"],
    ["model requested", item.modelRequested],
    ["model answered", item.modelAnswered],
    ["service tier", item.serviceTier],
    ["input tokens", item.inputTokens],
    ["of them cached", item.cachedInputTokens],
    ["output tokens", item.outputTokens],
    ["of them reasoning", item.reasoningTokens],
    ["reserved usd", item.reservedUsd],
    ["cost usd", costText(item)],
    ["figures", item.usageDoubtful ? "not believed: they contradict each other, or are no counts" : null],
    ["prices", item.priceVersion],
    ["bytes in", item.bytesIn],
    ["bytes out", item.bytesOut],
    ["first byte ms", item.firstByteMs],
    ["duration ms", item.durationMs],
  ]);
}

function costText(item: RequestDocument): string {
  if (item.state === "reserved") return "";
  return item.costUsd === null ? "unpriced" : `${item.costUsd}${item.estimated ? " est." : ""}`;
}
