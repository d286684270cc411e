// The contract, for every adapter: connect → the files still parse → the tool's own request reaches the gateway with a
// credential of ours → undo gives back every byte and mode.
import { afterAll, describe, expect, test } from "bun:test";
import { existsSync, lstatSync, readdirSync, readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import { Secret } from "../../kernel/index.ts";
import { type ConnectTarget, type ToolAdapter } from "../adapter.ts";
import { maskedDiff } from "../change/diff.ts";
import { plannedMachine } from "../change/planned-machine.ts";
import { detectTool } from "../detect.ts";
import { parseFile } from "../edit/edit-text.ts";
import { explainTool, isOwnkeyCredential } from "../explain.ts";
import { TOOLS } from "../places.ts";
import { systemMachine } from "../tool-machine.ts";
import { codeOf, type TestTools, testTools } from "../tools.testing.ts";
import { verifyRequest } from "../verify.ts";
import type { WireStyle } from "../wire.ts";
import { HOMES, plant, PLANTED } from "./homes.testing.ts";
import { ADAPTERS } from "./index.ts";

const VIRTUAL_KEY = `sk-ownkey-${"v1rtual".repeat(5)}`;
const PROGRAM = "/home/ada lovelace/.local/bin/ownkey";
const TOKEN = `sk-ownkey-t-${"t0ken".repeat(6)}`;

/** Answers like a gateway: only right paths with a credential of ours. */
const gateway = Bun.serve({
  port: 0,
  hostname: "127.0.0.1",
  async fetch(request) {
    const { pathname } = new URL(request.url);
    const given = ["authorization", "x-api-key", "x-goog-api-key"].map(
      (name) => request.headers.get(name) ?? "",
    );
    const credential = given.find((value) => value !== "")?.replace("Bearer ", "");
    const [, tool = "", rest = ""] = /^\/t\/([a-z-]+)(\/.*)$/.exec(pathname) ?? [];
    const known =
      /^(?:\/cursor)?\/v1\/(?:chat\/completions|responses|messages)$|^\/v1beta\/models\/[^/]+:generateContent$/.test(
        rest,
      );
    if (!known || (credential !== VIRTUAL_KEY && credential !== TOKEN))
      return new Response("no", { status: 404 });
    const body = (await request.json()) as { model?: string };
    return Response.json({ tool, model: body.model ?? /models\/([^:]+):/.exec(rest)?.[1] });
  },
});
afterAll(() => gateway.stop(true));

function targetFor(adapter: ToolAdapter, style: WireStyle = adapter.traits.styles[0]): ConnectTarget {
  return {
    gatewayUrl: `http://127.0.0.1:${gateway.port}`,
    program: PROGRAM,
    ...(adapter.traits.refreshesToken ? {} : { key: new Secret(VIRTUAL_KEY) }),
    style,
    models: ["gpt-x", "other/model-2"],
    served: ["chat", "responses", "messages", "gemini"],
  };
}

function toolsFor(platform = "linux"): TestTools {
  const tools = testTools({ SHELL: "/bin/bash" }, platform);
  const project = join(tools.home, "project");
  const system = systemMachine({ ...tools.machine, workingDirectory: project });
  const machine = { ...system, exists: (path: string) => path === PROGRAM || system.exists(path) };
  return { ...tools, machine, [Symbol.dispose]: () => tools[Symbol.dispose]() };
}

/** Everything below a folder, with modes. */
function snapshot(folder: string): Record<string, string> {
  const found: Record<string, string> = {};
  for (const name of existsSync(folder) ? (readdirSync(folder, { recursive: true }) as string[]) : []) {
    const path = join(folder, name);
    const stats = lstatSync(path);
    found[name] = `${(stats.mode & 0o777).toString(8)} ${stats.isFile() ? readFileSync(path, "latin1") : ""}`;
  }
  return found;
}

const platformOf = ({ id }: ToolAdapter) => (id === "launchd" ? "darwin" : "linux");

for (const adapter of ADAPTERS) {
  const { id, traits } = adapter;
  // They set the variables of every SDK, of which the first one's are tried.
  const isEnvironment = ["shell", "direnv", "dotenv", "systemd", "launchd"].includes(id);
  describe(id, () => {
    for (const planted of [true, false]) {
      for (const style of traits.styles) {
        test(`${planted ? "files as people have them" : "no files"}, ${style.wire}: connected, verified, undone`, async () => {
          using tools = toolsFor(platformOf(adapter));
          if (planted) plant(tools.home, id);
          const before = snapshot(tools.home);
          const target = targetFor(adapter, style);
          const plan = adapter.plan(tools.machine, target);
          const files = tools.changes.plan(plan.files);
          const expected = explainTool(adapter, plannedMachine(tools.machine, files));
          await tools.changes.apply(id, files);

          for (const { path, format, after } of files) {
            expect(readFileSync(path)).toEqual(Buffer.from(after.bytes));
            if (format !== "text") parseFile(after.bytes, format, path);
            const holdsKey = Buffer.from(after.bytes).includes("sk-ownkey-");
            const isProgram = format === "shell";
            if (holdsKey && !isProgram) expect(statSync(path).mode & 0o077).toBe(0);
            const shown = JSON.stringify(maskedDiff(files[0]?.before?.bytes, after.bytes, [VIRTUAL_KEY]));
            for (const secret of [VIRTUAL_KEY, ...Object.values(PLANTED)])
              expect(shown).not.toContain(secret);
          }
          if (files.length > 0) {
            const now = explainTool(adapter, tools.machine);
            expect(now).toEqual(expected);
            expect(now.problems).toEqual([]);
            expect(now.goesTo).toStartWith(`${target.gatewayUrl}/t/${id}`);
            if (traits.takes !== "dialog") {
              const model = "gpt-x";
              const request = await verifyRequest(adapter, tools.machine, {
                model,
                style: isEnvironment ? traits.styles[0] : style,
                issueToken: () => Promise.resolve(new Secret(TOKEN)),
              });
              const answer = await fetch(request.url, { ...request });
              expect(await answer.json()).toEqual({ tool: id, model });
            }
          } else {
            const shown = JSON.stringify(plan.steps);
            expect(plan.steps.length).toBeGreaterThan(0);
            expect(shown).toContain(`/t/${id}`);
          }

          for (const { id: change } of (await tools.changes.list()).toReversed())
            await tools.changes.undo(change);
          expect(snapshot(tools.home)).toEqual(before);
        });
      }
    }

    test("connecting twice changes nothing the second time", async () => {
      using tools = toolsFor(platformOf(adapter));
      plant(tools.home, id);
      const target = targetFor(adapter);
      await tools.changes.apply(id, tools.changes.plan(adapter.plan(tools.machine, target).files));
      expect(tools.changes.plan(adapter.plan(tools.machine, target).files)).toEqual([]);
    });

    test("a file with errors is refused, and left as it is", async () => {
      using tools = toolsFor(platformOf(adapter));
      plant(tools.home, id);
      const target = targetFor(adapter);
      const [file] = tools.changes
        .plan(adapter.plan(tools.machine, target).files)
        .filter(
          ({ format, before }) => before && format !== "text" && format !== "shell" && format !== "dotenv",
        );
      if (!file) return; // Nothing of it can be wrong.
      const damaged = `${Buffer.from(file.before?.bytes ?? []).toString()}\n{{[ "`;
      await Bun.write(file.target, damaged);
      expect(() => tools.changes.plan(adapter.plan(tools.machine, target).files)).toThrow(/has errors/);
      expect(readFileSync(file.target, "utf8")).toBe(damaged);
    });

    test("keys that are there now are found, and told apart from ours", () => {
      using tools = toolsFor(platformOf(adapter));
      plant(tools.home, id);
      const { key, problems } = explainTool(adapter, tools.machine);
      expect(problems).toEqual([]);
      expect(isOwnkeyCredential(key.winner?.value)).toBe(false);
      const holds = Object.values(HOMES[id] ?? {}).some(({ text }) => text.includes(PLANTED.openai));
      if (holds && id !== "shell" && id !== "direnv" && id !== "copilot-cli") {
        const all = [key.winner, ...key.shadowed].map((source) => source?.value?.reveal());
        expect(all).toContain(PLANTED.openai);
      }
    });
  });
}

test("a command of a home that is not the usual one names it; one whose program is gone does not verify", async () => {
  using tools = toolsFor();
  const adapter = ADAPTERS.find(({ id }) => id === "claude-code") ?? ADAPTERS[0];
  if (!adapter) throw new Error("no adapter");
  const target = { ...targetFor(adapter), home: "/srv/own key" };
  await tools.changes.apply(adapter.id, tools.changes.plan(adapter.plan(tools.machine, target).files));
  const command = `/usr/bin/env 'OWNKEY_HOME=/srv/own key' '${PROGRAM}' token claude-code`;
  expect(explainTool(adapter, tools.machine).key.winner?.value?.reveal()).toBe(command);
  const options = { model: "m", issueToken: () => Promise.resolve(new Secret(TOKEN)) };
  const request = await verifyRequest(adapter, tools.machine, options);
  expect(request.headers["authorization"]).toBe(`Bearer ${TOKEN}`);
  const without = { ...tools.machine, exists: (path: string) => path !== PROGRAM };
  expect(await codeOf(() => verifyRequest(adapter, without, options))).toBe("conflict");
});

test("what changes in files as people have them", () => {
  for (const adapter of ADAPTERS) {
    using tools = toolsFor(platformOf(adapter));
    plant(tools.home, adapter.id);
    const target = { ...targetFor(adapter), gatewayUrl: "http://127.0.0.1:7788" };
    const files = tools.changes.plan(adapter.plan(tools.machine, target).files);
    const text = files.flatMap(({ path, before, after }) => [
      path.slice(tools.home.length + 1),
      ...maskedDiff(before?.bytes, after.bytes, [VIRTUAL_KEY]).flatMap(({ line, lines }) => [
        `@ ${line}`,
        ...lines.map(({ mark, text: content }) => (mark + content.replaceAll(tools.home, "~")).trimEnd()),
      ]),
    ]);
    expect(text.join("\n")).toMatchSnapshot(adapter.id);
  }
});

test("every tool with a place has an adapter, and every adapter is found when its tool is there", () => {
  const ids = ADAPTERS.map(({ id }) => id);
  expect(new Set(ids).size).toBe(ids.length);
  expect(TOOLS.map(({ id }) => id).filter((id) => !ids.includes(id))).toEqual([]);
  for (const adapter of ADAPTERS) {
    using tools = toolsFor(platformOf(adapter));
    if (plant(tools.home, adapter.id).length === 0) continue;
    expect(detectTool(adapter, tools.machine)).toBeDefined();
  }
});
