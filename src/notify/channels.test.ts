import { expect, test } from "bun:test";
import { existsSync, mkdtempSync, readFileSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { AppError, Secret, systemClock } from "../kernel/index.ts";
import { commandChannel } from "./command-channel.ts";
import type { NotifyEvent } from "./event.ts";
import { checkedSigningSecret, newSigningSecret, signedHeaders } from "./signature.ts";
import { type PostWebhook, webhookChannel } from "./webhook-channel.ts";

const EVENT: NotifyEvent = {
  id: "evt_1",
  type: "budget.threshold",
  atMs: Date.UTC(2026, 10, 28),
  message: "half of it is used",
  data: { threshold: 50 },
};
const DOCUMENT = {
  id: "evt_1",
  type: "budget.threshold",
  timestamp: "2026-11-28T00:00:00.000Z",
  message: "half of it is used",
  data: { threshold: 50 },
};
/** The specification's example, put together here: no file holds a string with the shape of a secret. */
const EXAMPLE = new Secret(["whsec", "MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"].join("_"));
const environment = { PATH: process.env["PATH"] ?? "" };

async function failureOf(work: Promise<void>): Promise<AppError> {
  const failure = await work.then(
    () => undefined,
    (error: unknown) => error,
  );
  if (failure instanceof AppError) return failure;
  throw new Error("no AppError was thrown", { cause: failure });
}

test("signatures are those of the specification's example; two secrets give two", () => {
  const signed = {
    id: "msg_p5jXN8AQM9LWM0D4loKWxJek",
    timestampSeconds: 1614265330,
    body: '{"test": 2432232314}',
  };
  const expected = "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=";
  expect(signedHeaders(signed, [EXAMPLE])).toEqual({
    "webhook-id": signed.id,
    "webhook-timestamp": "1614265330",
    "webhook-signature": expected,
  });
  const other = newSigningSecret(() => new Uint8Array(32).fill(7));
  const both = signedHeaders(signed, [other, EXAMPLE])["webhook-signature"] ?? "";
  expect(both.split(" ")).toEqual([expect.stringMatching(/^v1,[\w+/]{43}=$/), expected]);
});

test("a secret that no receiver's library would take is refused without repeating it", () => {
  expect(checkedSigningSecret(EXAMPLE)).toBe(EXAMPLE);
  for (const text of [
    "",
    "hunter2",
    "whsec_",
    "whsec_c2hvcnQ=",
    `whsec_${"A".repeat(100)}`,
    "whsec_not base64!!",
  ]) {
    const refused = (() => {
      try {
        return checkedSigningSecret(new Secret(text));
      } catch (error) {
        return error;
      }
    })();
    expect(refused).toMatchObject({ code: "invalid_input" });
    if (text.length > 6) expect(String(refused)).not.toContain(text);
  }
});

test("a webhook is posted signed, and taken by any 2xx; no other answer counts", async () => {
  const posted: { url: string; headers: Readonly<Record<string, string>>; body: string }[] = [];
  let status = 204;
  const post: PostWebhook = async (url, { headers, body }) => {
    await Promise.resolve();
    posted.push({ url, headers, body });
    return status;
  };
  const clock = { nowMs: () => 1614265330_999, monotonicMs: () => 0 };
  const secrets = () => Promise.resolve([EXAMPLE]);
  const channel = webhookChannel({ url: "https://alerts.example/in", post, secrets, clock });
  await channel.deliver(EVENT);
  const [first] = posted;
  expect(JSON.parse(first?.body ?? "")).toEqual(DOCUMENT);
  expect(first?.headers).toMatchObject(
    signedHeaders({ id: "evt_1", timestampSeconds: 1614265330, body: first?.body ?? "" }, [EXAMPLE]),
  );
  for (status of [302, 401, 429, 500]) {
    const refused = await failureOf(channel.deliver(EVENT));
    expect(refused.message).toContain(String(status));
    if (status === 302) expect(refused.hint).toContain("redirects");
  }
});

test("nothing is posted without a secret", async () => {
  let posted = 0;
  const post: PostWebhook = () => Promise.resolve((posted += 1));
  const secrets = () => Promise.resolve([]);
  const channel = webhookChannel({ url: "https://alerts.example", post, secrets, clock: systemClock });
  expect((await failureOf(channel.deliver(EVENT))).hint).toContain("ownkey notify secret new");
  expect(posted).toBe(0);
});

test("a receiver that does not answer in time, or is not there, is a problem in words", async () => {
  const secrets = () => Promise.resolve([EXAMPLE]);
  const hangs: PostWebhook = (_, { signal }) =>
    new Promise((_resolve, reject) => {
      signal.addEventListener("abort", () => reject(signal.reason as Error));
    });
  const common = { url: "https://alerts.example", secrets, clock: systemClock, limitMs: 20 };
  expect((await failureOf(webhookChannel({ ...common, post: hangs }).deliver(EVENT))).message).toContain(
    "did not answer",
  );
  const away: PostWebhook = () => Promise.reject(new Error("connect ECONNREFUSED"));
  expect((await failureOf(webhookChannel({ ...common, post: away }).deliver(EVENT))).message).toContain(
    "cannot be reached",
  );
});

test.skipIf(process.platform === "win32")(
  "a command gets the event on standard input, its arguments as they are, and nothing else of ours",
  async () => {
    const folder = mkdtempSync(join(tmpdir(), "ownkey-command-"));
    const script = join(folder, "tell.sh");
    const out = join(folder, "out");
    writeFileSync(script, `#!/bin/sh\n{ cat; printf '%s\\n' "$@"; env; } > "$OUT"\n`, { mode: 0o755 });
    const argument = "$(touch hacked); echo 'a b'";
    await commandChannel({ command: [script, argument], environment: { ...environment, OUT: out } }).deliver(
      EVENT,
    );
    const [document = "", given, ...rest] = readFileSync(out, "utf8").trim().split("\n");
    expect(JSON.parse(document)).toEqual(DOCUMENT);
    expect(given).toBe(argument);
    const names = rest
      .map((line) => line.split("=")[0] ?? "")
      .filter((name) => !["_", "PWD", "OLDPWD", "SHLVL"].includes(name));
    expect(names.sort()).toEqual(["OUT", "PATH"]);
  },
);

test.skipIf(process.platform === "win32")(
  "a command that fails, cannot be started or does not end is a problem; what it said is masked and short",
  async () => {
    const shell = (script: string, limitMs = 5000) =>
      failureOf(commandChannel({ command: ["/bin/sh", "-c", script], environment, limitMs }).deliver(EVENT));
    expect((await shell("exit 3")).message).toBe("it ended with exit code 3");
    const secret = ["sk", "proj", "a1B2".repeat(12)].join("-");
    const said = await shell(`echo first >&2; echo "no: ${secret}" >&2; exit 1`);
    expect(said.message).toContain("exit code 1: no: ");
    expect(said.message).not.toContain(secret);
    const loud = await shell("yes x | head -c 10000000 | tr -d '\\n' >&2; exit 1");
    expect(loud.message.length).toBeLessThan(300);
    const missing = commandChannel({ command: ["/no/such/program"], environment });
    expect((await failureOf(missing.deliver(EVENT))).message).toBe("the program cannot be started");

    const folder = mkdtempSync(join(tmpdir(), "ownkey-command-"));
    const late = await shell(`(sleep 2; touch ${folder}/late) & sleep 60`, 100);
    expect(late.message).toContain("longer than 0.1 seconds");
    expect(existsSync(join(folder, "late"))).toBe(false);
  },
);
