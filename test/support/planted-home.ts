/** A home folder as people have them: keys in the real layouts of fifteen tools and elsewhere, and what only looks like keys. */
import { Database } from "bun:sqlite";
import { mkdirSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { mintVirtualKeyToken } from "../../src/access/index.ts";
import { systemRandomness } from "../../src/kernel/index.ts";
import { BASE62, HEX, sample } from "../../src/scan/rules/sample.ts";

export interface Planted {
  /** Relative to the home; the place that a finding has to name. */
  readonly path: string;
  readonly key: string;
}

/** Keys of one kind differ by the seed; made at run time, the same in every run. */
const key = {
  openai: (seed: number) =>
    `sk-${"proj"}-${sample(58, BASE62, seed)}${"T3Blbk"}FJ${sample(58, BASE62, seed + 500)}`,
  anthropic: (seed: number) => `sk-${"ant"}-api03-${sample(93, BASE62, seed)}AA`,
  google: (seed: number) => `AI${"za"}${sample(35, BASE62, seed)}`,
  groq: (seed: number) => `gs${"k_"}${sample(52, BASE62, seed)}`,
  openrouter: (seed: number) => `sk-${"or"}-v1-${sample(64, HEX, seed)}`,
  xai: (seed: number) => `xa${"i-"}${sample(80, BASE62, seed)}`,
  azure: (seed: number) => sample(32, HEX, seed),
  mistral: (seed: number) => sample(32, BASE62, seed),
} as const;

export class PlantedHome {
  readonly folder: string;
  readonly planted: Planted[] = [];
  readonly #azureEndpoint: string;
  #seed = 100;

  constructor(folder: string, { azureEndpoint = "https://x.openai.azure.com" } = {}) {
    this.folder = folder;
    this.#azureEndpoint = azureEndpoint;
    this.#tools();
    this.#shells();
    this.#projects();
    this.#histories();
    this.#lookAlikes();
  }

  /** A key that is in no file. */
  keyOf(kind: keyof typeof key): string {
    return key[kind](this.#seed++);
  }

  write(path: string, text: string | Uint8Array): void {
    const whole = join(this.folder, path);
    mkdirSync(dirname(whole), { recursive: true });
    writeFileSync(whole, text, { mode: 0o600 });
  }

  git(repository: string, ...args: readonly string[]): void {
    const identity = [
      "-c",
      "user.name=Ada",
      "-c",
      "user.email=ada@example.com",
      "-c",
      "init.defaultBranch=main",
    ];
    const { exitCode, stderr } = Bun.spawnSync(["git", ...identity, ...args], {
      cwd: join(this.folder, repository),
      env: { PATH: process.env["PATH"] ?? "", HOME: this.folder },
      stdout: "ignore",
      stderr: "pipe",
    });
    if (exitCode !== 0) throw new Error(`git ${args.join(" ")}: ${stderr.toString()}`);
  }

  #plant(path: string, kind: keyof typeof key, text: (key: string) => string): void {
    const planted = this.#known(path, kind);
    this.write(path, text(planted));
  }

  /** A key that stands at the path by other means. */
  #known(path: string, kind: keyof typeof key): string {
    const made = this.keyOf(kind);
    this.planted.push({ path, key: made });
    return made;
  }

  #tools(): void {
    const json = (value: unknown) => JSON.stringify(value, undefined, 2);
    this.#plant(
      ".config/Cursor/User/settings.json",
      "openai",
      (k) => `{\n  // guide\n  "cursor.openai.apiKey": "${k}",\n}`,
    );
    this.#plant(".config/Cursor/User/profiles/-7a/settings.json", "anthropic", (k) =>
      json({ "cursor.apiKeys": { anthropic: k } }),
    );
    this.#database(".config/Cursor/User/globalStorage/state.vscdb", "openai", (database, k) => {
      database.run("CREATE TABLE ItemTable (key TEXT UNIQUE ON CONFLICT REPLACE, value BLOB)");
      const insert = database.query("INSERT INTO ItemTable VALUES (?, ?)");
      insert.run("cursorAuth/openAIKey", k);
      insert.run("cursorAuth/accessToken", `${sample(36, BASE62, 9)}.${sample(80, BASE62, 8)}`);
      insert.run("workbench.panel", "open");
    });
    this.#plant(".config/Code/User/chatLanguageModels.json", "xai", (k) =>
      json([{ name: "Grok", vendor: "xai", apiKey: k }]),
    );
    this.#plant(".config/VSCodium/User/settings.json", "anthropic", (k) =>
      json({ "claudeCode.environmentVariables": [{ name: "ANTHROPIC_API_KEY", value: k }] }),
    );
    this.#plant(".claude/settings.json", "anthropic", (k) => json({ env: { ANTHROPIC_API_KEY: k } }));
    this.#plant(".codex/auth.json", "openai", (k) => json({ OPENAI_API_KEY: k, tokens: null }));
    this.#plant(
      ".codex/config.toml",
      "groq",
      (k) => `[model_providers.g]\nexperimental_bearer_token = "${k}"\n`,
    );
    this.#plant(".gemini/.env", "google", (k) => `GEMINI_API_KEY=${k}\n`);
    this.#plant(".local/share/opencode/auth.json", "openrouter", (k) =>
      json({ openrouter: { type: "api", key: k } }),
    );
    this.#plant(
      ".config/kilo/kilo.jsonc",
      "groq",
      (k) => `{ "provider": { "g": { "options": { "apiKey": "${k}" } } }, }`,
    );
    this.#plant(".aider.conf.yml", "openai", (k) => `model: gpt-x\nopenai-api-key: ${k}\n`);
    this.#plant(".continue/config.yaml", "anthropic", (k) => `models:\n  - name: c\n    apiKey: "${k}"\n`);
    this.#plant(".cline/data/secrets.json", "openrouter", (k) => json({ openRouterApiKey: k }));
    this.#plant(".cline/data/settings/providers.json", "openai", (k) =>
      json({ version: 1, providers: { o: { settings: { provider: "openai", apiKey: k } } } }),
    );
    this.#plant(".config/zed/settings.json", "openai", (k) =>
      json({ language_models: { openai: { custom_headers: { Authorization: `Bearer ${k}` } } } }),
    );
    this.#plant(".config/goose/secrets.yaml", "google", (k) => `GOOGLE_API_KEY: ${k}\n`);
    this.#database(".open-webui/webui.db", "openai", (database, k) => {
      database.run(
        "CREATE TABLE config (id INTEGER PRIMARY KEY, data JSON NOT NULL, version INTEGER NOT NULL, created_at DATETIME)",
      );
      const openai = { enable: true, api_base_urls: ["https://api.openai.com/v1"], api_keys: [k] };
      database
        .query("INSERT INTO config VALUES (1, ?, 0, '2026-01-01 00:00:00')")
        .run(JSON.stringify({ version: 0, ui: { enable_signup: false }, openai }));
    });
    this.#plant(".config/io.datasette.llm/keys.json", "anthropic", (k) => json({ claude: k }));
    this.#plant(".copilot/providers.json", "xai", (k) => json([{ type: "openai", apiKey: k }]));
    this.#plant(
      ".config/nvim/lua/plugins/ai.lua",
      "openai",
      (k) => `return {
  "olimorris/codecompanion.nvim",
  opts = { adapters = { http = { gpt = function()
    return require("codecompanion.adapters").extend("openai_compatible", {
      env = { url = "https://api.openai.com", api_key = "${k}", chat_url = "/v1/chat/completions" },
    })
  end } } },
}
`,
    );
  }

  #shells(): void {
    this.#plant(".bashrc", "openai", (k) => `alias ll='ls -l'\nexport OPENAI_API_KEY=${k}\n`);
    this.#plant(".config/fish/config.fish", "anthropic", (k) => `set -gx ANTHROPIC_API_KEY ${k}\n`);
    this.#plant(
      ".zsh_history",
      "groq",
      (k) => `: 1700000000:0;curl -H "Authorization: Bearer ${k}" https://x\n`,
    );
    this.#plant(".python_history", "openai", (k) => `client = OpenAI(api_key="${k}")\n`);
    this.#plant(".config/environment.d/ai.conf", "mistral", (k) => `MISTRAL_API_KEY=${k}\n`);
    this.#plant(
      ".env",
      "azure",
      (k) => `AZURE_OPENAI_ENDPOINT=${this.#azureEndpoint}\nAZURE_OPENAI_API_KEY=${k}\n`,
    );
  }

  #projects(): void {
    this.#plant("code/analysis.ipynb", "openai", (k) =>
      JSON.stringify({ cells: [{ cell_type: "code", source: [`os.environ["OPENAI_API_KEY"] = "${k}"\n`] }] }),
    );
  }

  /** A key that was taken out again, one on another branch, one that is stashed. */
  #histories(): void {
    for (const name of ["removed", "branch", "stash"]) {
      const repository = `code/${name}`;
      mkdirSync(join(this.folder, repository), { recursive: true });
      this.git(repository, "init", "-q");
      this.write(`${repository}/readme.md`, "# nothing here\n");
      this.git(repository, "add", ".");
      this.git(repository, "commit", "-q", "-m", "begin");
      if (name === "branch") this.git(repository, "checkout", "-q", "-b", "other");
      this.write(`${repository}/app.py`, `KEY = "${this.#known(`${repository}/app.py`, "openai")}"\n`);
      this.git(repository, "add", ".");
      if (name === "stash") this.git(repository, "stash", "-q");
      else this.git(repository, "commit", "-q", "-m", "add");
      if (name === "branch") this.git(repository, "checkout", "-q", "main");
      if (name === "removed") {
        rmSync(join(this.folder, repository, "app.py"));
        this.git(repository, "commit", "-q", "-a", "-m", "remove");
      }
    }
  }

  #lookAlikes(): void {
    const digest = (seed: number) => sample(64, HEX, seed);
    this.write(
      "code/package-lock.json",
      `{"packages":{"a":{"integrity":"sha512-${sample(86, BASE62, 3)}=="}}}`,
    );
    this.write(
      "code/.env.example",
      "OPENAI_API_KEY=sk-your-key-here\nANTHROPIC_API_KEY=\nSECRET_KEY=changeme\n",
    );
    this.write(
      "code/notes.md",
      `commit ${sample(40, HEX, 4)}\nsha256:${digest(5)}\nid 3f2504e0-4f89-41d3-9a0c-0305e82c3301\n`,
    );
    this.write(
      "code/main.ts",
      `const key = process.env["OPENAI_API_KEY"] ?? "sk-...";\nconst hash = "${digest(6)}";\n`,
    );
    this.write("code/node_modules/x/index.js", `module.exports = "${key.openai(999)}";\n`);
    this.write(".continue/.env", `OWNKEY_VK=${mintVirtualKeyToken(systemRandomness).token.reveal()}\n`);
  }

  #database(path: string, kind: keyof typeof key, fill: (database: Database, key: string) => void): void {
    mkdirSync(dirname(join(this.folder, path)), { recursive: true });
    const database = new Database(join(this.folder, path));
    database.run("PRAGMA journal_mode=wal");
    fill(database, this.#known(path, kind));
    database.close();
  }
}
