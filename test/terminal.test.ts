/** What a person at a terminal is asked: once, readably, and without a secret on the screen. */
import { afterEach, beforeEach, expect, test } from "bun:test";
import { newKey } from "./support/keys.ts";
import { OwnkeyHome, until } from "./support/ownkey.ts";
import { ownkeyCommand } from "./support/program.ts";

let home: OwnkeyHome;

beforeEach(() => {
  home = new OwnkeyHome();
});

afterEach(() => home.remove());

/** A command on a terminal of a size; what it shows, and what is typed. */
async function onTerminal(args: readonly string[], env: Record<string, string>, columns: number) {
  let shown = "";
  const sized = ["sh", "-c", `stty cols ${columns} && exec "$@"`, "sh"];
  const child = Bun.spawn([...sized, ...(await ownkeyCommand()), ...args], {
    env: {
      PATH: process.env["PATH"] ?? "",
      HOME: home.folder,
      OWNKEY_HOME: home.home,
      TERM: "xterm",
      ...env,
    },
    cwd: home.folder,
    terminal: { data: (_terminal, bytes) => void (shown += Buffer.from(bytes).toString()) },
  });
  return {
    shown: () => shown,
    async type(text: string, question: string) {
      await until(() => shown.includes(question), `${question} among ${JSON.stringify(shown)}`);
      child.terminal?.write(text);
    },
    exited: child.exited,
  };
}

test.each([80, 0])(
  "on a terminal of %d columns the provider's usual variable is offered, and what is revealed was asked for",
  async (columns) => {
    const key = newKey.openai();
    const env = { OPENAI_API_KEY: key };
    const adding = await onTerminal(["keys", "add", "openai", "--no-test"], env, columns);
    await adding.type("y", "OPENAI_API_KEY is set. Take it?");
    expect(await adding.exited).toBe(0);
    expect(adding.shown()).toContain("stored openai/main");
    expect(adding.shown()).not.toContain(key);
    const refusing = await onTerminal(["keys", "reveal", "openai/main"], {}, columns);
    await refusing.type("n", "Print the key on this screen?");
    expect(await refusing.exited).toBe(1);
    expect(refusing.shown()).not.toContain(key);
  },
);
