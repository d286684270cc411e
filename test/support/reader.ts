/**
 * Somebody who follows a document word by word: one shell with a home and a folder of its own, `ownkey` and `npm start`
 * as a reader has them, and a provider's double behind every connection instead of the provider.
 */
import { mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { trimmed } from "./console.ts";
import { ProviderDouble } from "./double.ts";
import { newKey } from "./keys.ts";
import { until } from "./ownkey.ts";

const ROOT = join(import.meta.dir, "../..");
const WAIT_MS = 30_000;

/** Hosts of the documents' examples that are the double's in a test. */
const EXAMPLE_ENDPOINT = "https://my-resource.openai.azure.com";

export class Reader {
  readonly #folder = mkdtempSync(join(tmpdir(), "ownkey-docs-"));
  readonly #double: ProviderDouble;
  readonly #shell: Shell;
  #up: Background | undefined;
  /** The virtual key shown last: what a reader puts where the document writes `sk-ownkey-…`. */
  #virtualKey = "";

  static async start(): Promise<Reader> {
    const keys = {
      OPENAI_API_KEY: newKey.openai(),
      ANTHROPIC_API_KEY: newKey.anthropic(),
      GEMINI_API_KEY: newKey.google(),
      AZURE_OPENAI_API_KEY: newKey.azure(),
    };
    const double = await ProviderDouble.start(Object.values(keys));
    double.mock.onMessage("Say hello", {
      content: "Hello!",
      usage: { prompt_tokens: 9, completion_tokens: 3, input_tokens: 9, output_tokens: 3 },
    });
    // What `tools connect` asks to see whether a tool works.
    double.mock.onMessage("Answer with the word ok", { content: "ok" });
    return new Reader(double, keys);
  }

  private constructor(double: ProviderDouble, keys: Readonly<Record<string, string>>) {
    this.#double = double;
    const bin = join(this.#folder, ".bin");
    mkdirSync(bin);
    symlinkSync(join(ROOT, "node_modules"), join(this.#folder, "node_modules"));
    writeFileSync(join(bin, "ownkey"), ownkeyScript(double.url), { mode: 0o755 });
    this.#shell = new Shell(this.#folder, {
      PATH: `${bin}:${process.env["PATH"] ?? ""}`,
      HOME: this.#folder,
      NO_COLOR: "1",
      ...keys,
    });
  }

  /** Does what stands before every document but the README: Ownkey runs, with a key and a virtual key. */
  async getReady(): Promise<void> {
    await this.run("npm start");
    await this.run("ownkey keys add openai --from-env OPENAI_API_KEY");
    await this.run("ownkey vk create --name laptop");
    await this.run("export OWNKEY_VK=sk-ownkey-…");
  }

  /** Saves a file that the document shows. */
  save(name: string, text: string): void {
    writeFileSync(join(this.#folder, name), `${this.#toHere(text)}\n`);
  }

  /** Runs a command line and gives what it prints, as the document would write it. */
  async run(command: string): Promise<string> {
    // aimock has no list of Gemini's models, which is what a key is tested with.
    if (command.startsWith("ownkey keys add gemini")) this.#double.answerNextWith(200, { models: [] });
    const printed =
      command === "npm start" ? await this.#start() : await this.#shell.run(this.#toHere(command));
    this.#virtualKey = /^sk-ownkey-\w{20,}$/m.exec(printed)?.[0] ?? this.#virtualKey;
    return this.#toDocument(printed);
  }

  async leave(): Promise<void> {
    this.#shell.end();
    await this.#up?.end();
    await this.#double.stop();
    rmSync(this.#folder, { recursive: true, force: true });
  }

  /** From the line on that Ownkey itself prints; what npm prints before belongs to npm. */
  async #start(): Promise<string> {
    this.#up = new Background(
      [join(this.#folder, ".bin/ownkey"), "up", "--port", "0"],
      this.#shell.environment,
    );
    const up = this.#up;
    await until(() => up.printed().includes('"Say hello"'), "ownkey up is ready", WAIT_MS);
    return up.printed();
  }

  #toHere(text: string): string {
    const { url, ui } = this.#addresses();
    return text
      .replaceAll("http://127.0.0.1:7788", url)
      .replaceAll("http://127.0.0.1:7789", ui)
      .replaceAll(EXAMPLE_ENDPOINT, this.#double.url)
      .replaceAll("sk-ownkey-…", this.#virtualKey);
  }

  #toDocument(text: string): string {
    const { url, ui } = this.#addresses();
    return text
      .replaceAll(url, "http://127.0.0.1:7788")
      .replaceAll(ui, "http://127.0.0.1:7789")
      .replaceAll(this.#double.url, EXAMPLE_ENDPOINT)
      .replaceAll(this.#folder, "~");
  }

  #addresses(): { url: string; ui: string } {
    try {
      return JSON.parse(readFileSync(join(this.#folder, ".ownkey/run/up.json"), "utf8")) as {
        url: string;
        ui: string;
      };
    } catch {
      return { url: "http://127.0.0.1:7788", ui: "http://127.0.0.1:7789" };
    }
  }
}

/** The command as a reader has it, but that each new connection leads to the double. */
function ownkeyScript(doubleUrl: string): string {
  return `#!/bin/sh
case "$*" in
  *--endpoint*) ;;
  "keys add "*) set -- "$@" --base-url ${doubleUrl} ;;
esac
exec ${process.execPath} ${join(ROOT, "src/main.ts")} "$@"
`;
}

/** A shell that stays, so that what one command exports the next one has. */
class Shell {
  readonly environment: Readonly<Record<string, string>>;
  readonly #child: Bun.Subprocess<"pipe", "pipe", "inherit">;
  readonly #output: AsyncIterator<Uint8Array>;

  constructor(folder: string, environment: Readonly<Record<string, string>>) {
    this.environment = environment;
    this.#child = Bun.spawn(["sh"], {
      cwd: folder,
      env: { ...environment },
      stdin: "pipe",
      stdout: "pipe",
      stderr: "inherit",
    });
    this.#output = this.#child.stdout[Symbol.asyncIterator]();
  }

  /** Output and errors, as they come. @throws Error when the command fails. */
  async run(command: string): Promise<string> {
    const end = `end-of-${crypto.randomUUID()}`;
    await this.#child.stdin.write(`{ ${command}\n} 2>&1 < /dev/null\nprintf '\\n%s %s\\n' ${end} $?\n`);
    await this.#child.stdin.flush();
    const decoder = new TextDecoder();
    let text = "";
    while (!text.includes(end) || !text.endsWith("\n")) {
      const piece = await this.#output.next();
      if (piece.done === true) throw new Error(`the shell ended: ${text}`);
      text += decoder.decode(piece.value, { stream: true });
    }
    const at = text.lastIndexOf(end);
    const status = text.slice(at + end.length).trim();
    const printed = trimmed(text.slice(0, at));
    if (status !== "0") throw new Error(`${command}\nended with ${status}:\n${printed}`);
    return printed;
  }

  end(): void {
    this.#child.kill("SIGKILL");
  }
}

/** A program that goes on while the reader reads on. */
class Background {
  readonly #child: Bun.Subprocess<"ignore", "pipe", "ignore">;
  #printed = "";

  constructor(command: readonly string[], environment: Readonly<Record<string, string>>) {
    this.#child = Bun.spawn([...command], {
      env: { ...environment },
      stdin: "ignore",
      stdout: "pipe",
      stderr: "ignore",
    });
    void this.#collect();
  }

  printed(): string {
    return this.#printed;
  }

  async end(): Promise<void> {
    this.#child.kill("SIGTERM");
    await this.#child.exited;
  }

  async #collect(): Promise<void> {
    const decoder = new TextDecoder();
    for await (const piece of this.#child.stdout) this.#printed += decoder.decode(piece, { stream: true });
  }
}
