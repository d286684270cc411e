/**
 * Files as people have them: grown over years, edited by hand and by the tools themselves, copied from posts. Keys are
 * put together here, so that none stands in the source as a whole.
 */
import { chmodSync, mkdirSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";

const long = "aB3xY9".repeat(8);
export const PLANTED = {
  openai: `sk-proj-${long}T3BlbkFJ${long}`,
  anthropic: `sk-ant-api03-${long}AA`,
  google: `AIza${"Sy1".repeat(11)}ab`,
} as const;

export interface PlantedFile {
  readonly text: string;
  readonly mode?: number;
}

/** Tool → files below the home. */
export const HOMES: Readonly<Record<string, Readonly<Record<string, PlantedFile>>>> = {
  "claude-code": {
    ".claude/settings.json": {
      mode: 0o644,
      text: `{
  "$schema": "https://json.schemastore.org/claude-code-settings.json",
  "permissions": {
    "allow": [
      "Bash(npm run lint)",
      "Bash(git log:*)", "Read(~/.zshrc)"
    ],
    "deny": [ ]
  },
  "env": {
    "ANTHROPIC_API_KEY": "${PLANTED.anthropic}",
    "BASH_DEFAULT_TIMEOUT_MS": "600000"
  },
  "statusLine": {"type":"command","command":"~/.claude/statusline.sh"},
  "hooks": {
    "PostToolUse": [{ "matcher": "Edit|Write", "hooks": [{ "type": "command", "command": "jq -r '.tool_input.file_path' | xargs npx prettier --write" }] }]
  },
  "model": "opus"
}
`,
    },
  },
  codex: {
    ".codex/config.toml": {
      mode: 0o600,
      text: `# ~/.codex/config.toml — see docs/config.md
model = "gpt-5.1-codex"
model_reasoning_effort = "high"   # low|medium|high
approval_policy = "on-request"

notify = ["python3", "/home/ada/.codex/notify.py"]

[projects."/home/ada/src/engine"]
trust_level = "trusted"

[projects."/home/ada/src/notes with spaces"]
trust_level = "trusted"

[mcp_servers.context7]
command = "npx"
args = [
  "-y",
  "@upstash/context7-mcp",  # docs
]
env = { "TOKEN" = "none" }

[tui]
notifications = true
#theme = "dark"

[[tools.web]]
name = 'a'
`,
    },
    ".codex/auth.json": {
      mode: 0o600,
      text: `{\n  "OPENAI_API_KEY": "${PLANTED.openai}",\n  "tokens": null,\n  "last_refresh": null\n}`,
    },
  },
  "gemini-cli": {
    ".gemini/settings.json": {
      mode: 0o644,
      text: `{
  // theme from the team
  "ui": { "theme": "GitHub", "hideTips": true, },
  "security": {
    "auth": {
      "selectedType": "oauth-personal"
    }
  },
  "mcpServers": {
    "local": { "command": "node", "args": ["/opt/mcp.js"], "trust": false }
  }
}`,
    },
    ".gemini/.env": {
      mode: 0o664,
      text: `# keys\r\nexport GEMINI_API_KEY='${PLANTED.google}' # personal\r\n\r\nGOOGLE_CLOUD_PROJECT="my project"\r\n`,
    },
    ".gemini/oauth_creds.json": { mode: 0o600, text: `{"access_token":"none","expiry_date":1}` },
  },
  continue: {
    ".continue/config.yaml": {
      text: `name: Local Assistant
version: 1.0.0
schema: v1
models:
    # fast one
    - name: Sonnet
      provider: anthropic
      model: claude-sonnet-4-5
      apiKey: ${PLANTED.anthropic}   # TODO move to .env
      roles: [chat, edit, apply]
    - name: "Autocomplete"
      provider: ollama
      model: qwen2.5-coder:1.5b
      roles:
        - autocomplete

context:
    - provider: code
    - provider: docs
    - provider: diff
`,
    },
    ".continue/.env": { mode: 0o644, text: `GITHUB_TOKEN=""\nFOO=bar` },
  },
  cline: {
    ".cline/data/settings/providers.json": {
      mode: 0o600,
      text: `{
  "version": 1,
  "lastUsedProvider": "anthropic",
  "providers": {
    "cline": { "settings": { "provider": "cline", "auth": { "accountId": "acc" } }, "updatedAt": "2026-05-01T10:00:00.000Z", "tokenSource": "oauth" },
    "anthropic": {
      "settings": {
        "provider": "anthropic",
        "apiKey": "${PLANTED.anthropic}",
        "model": "claude-sonnet-4-5"
      },
      "updatedAt": "2026-06-01T10:00:00.000Z",
      "tokenSource": "manual"
    }
  }
}
`,
    },
    ".cline/data/secrets.json": { mode: 0o644, text: `{"openAiApiKey":"${PLANTED.openai}"}` },
  },
  aider: {
    ".aider.conf.yml": {
      text: `##########################################################
# Sample .aider.conf.yml
##########################################################

## Specify the OpenAI API key
openai-api-key: ${PLANTED.openai}

## Specify the model to use for the main chat
#model: xxx

dark-mode: true
auto-commits: false
read: [CONVENTIONS.md, "docs/API notes.md"]
api-key:
  - gemini=${PLANTED.google}
`,
    },
    ".env": {
      mode: 0o644,
      text: `# everything\nOPENAI_API_KEY=${PLANTED.openai}\nexport PATH="$HOME/bin:$PATH"\n\nDATABASE_URL=postgres://u:p@localhost/db?x=1#y\n`,
    },
  },
  opencode: {
    ".config/opencode/opencode.jsonc": {
      text: `{
\t"$schema": "https://opencode.ai/config.json",
\t// work account
\t"model": "anthropic/claude-sonnet-4-5",
\t"provider": {
\t\t"anthropic": {
\t\t\t"options": { "apiKey": "${PLANTED.anthropic}", },
\t\t},
\t},
\t"autoupdate": "notify", /* not by itself */
\t"keybinds": { "leader": "ctrl+x" }
}
`,
    },
    ".local/share/opencode/auth.json": {
      mode: 0o600,
      text: `{\n  "anthropic": {\n    "type": "api",\n    "key": "${PLANTED.anthropic}"\n  }\n}`,
    },
  },
  kilo: { ".config/kilo/kilo.json": { text: `{}` } },
  "copilot-cli": {
    ".copilot/settings.json": { text: `{ "banner": "never" }` },
    ".bashrc": { text: bashrc() },
  },
  zed: {
    ".config/zed/settings.json": {
      text: `// Zed settings
//
// For information on how to configure Zed, see the Zed
// documentation: https://zed.dev/docs/configuring-zed
{
  "agent": {
    "default_model": { "provider": "anthropic", "model": "claude-sonnet-4-5" },
    "model_parameters": []
  },
  "vim_mode": true,
  "theme": {
    "mode": "system",
    "light": "One Light",
    "dark": "One Dark"
  },
  "language_models": { "ollama": { "api_url": "http://localhost:11434" } },
  "languages": { "Python": { "tab_size": 4, }, },
}
`,
    },
  },
  goose: {
    ".config/goose/config.yaml": {
      text: `GOOSE_PROVIDER: anthropic
GOOSE_MODEL: claude-sonnet-4-5
extensions:
  developer:
    bundled: true
    enabled: true
    name: developer
    timeout: 300
    type: builtin
  memory: {enabled: false, type: builtin}
GOOSE_MODE: smart_approve
`,
    },
    ".config/goose/secrets.yaml": { mode: 0o600, text: `ANTHROPIC_API_KEY: ${PLANTED.anthropic}\n` },
  },
  llm: {
    ".config/io.datasette.llm/keys.json": {
      mode: 0o600,
      text: `{\n  "// Note": "This file stores secret API credentials. Do not share!",\n  "openai": "${PLANTED.openai}"\n}\n`,
    },
    ".config/io.datasette.llm/extra-openai-models.yaml": {
      text: `- model_id: orca-openai-compat\n  model_name: orca-mini-3b\n  api_base: "http://localhost:8080"\n  headers: {apikey: x}\n`,
    },
  },
  vscode: {
    ".config/Code/User/chatLanguageModels.json": {
      text: `[
\t{
\t\t"name": "Local",
\t\t"vendor": "ollama",
\t\t"url": "http://localhost:11434"
\t}
]`,
    },
    ".config/VSCodium/User/settings.json": { text: "{}" },
  },
  shell: {
    ".bashrc": { text: bashrc() },
    ".zshrc": { text: `source $ZSH/oh-my-zsh.sh\nexport OPENAI_API_KEY="${PLANTED.openai}"` },
  },
  direnv: {
    "project/.envrc": { text: `dotenv_if_exists\nlayout python3\nexport OPENAI_API_KEY=${PLANTED.openai}\n` },
  },
  dotenv: { "project/.env": { mode: 0o664, text: `DEBUG=1\r\nOPENAI_API_KEY=${PLANTED.openai}\r\n# end` } },
  systemd: { ".config/environment.d/50-lang.conf": { text: "LANG=en_US.UTF-8\n" } },
};

/** Writes a tool's files into a home; gives their whole paths. */
export function plant(home: string, tool: string): string[] {
  return Object.entries(HOMES[tool] ?? {}).map(([path, { text, mode = 0o644 }]) => {
    const whole = join(home, path);
    mkdirSync(dirname(whole), { recursive: true });
    writeFileSync(whole, text);
    chmodSync(whole, mode);
    return whole;
  });
}

/** Of a distribution, with what one adds to it. */
function bashrc(): string {
  return `# ~/.bashrc: executed by bash(1) for non-login shells.
case $- in
    *i*) ;;
      *) return;;
esac
HISTCONTROL=ignoreboth
shopt -s checkwinsize
if [ -x /usr/bin/dircolors ]; then
    test -r ~/.dircolors && eval "$(dircolors -b ~/.dircolors)" || eval "$(dircolors -b)"
    alias ls='ls --color=auto'
fi
export OPENAI_API_KEY="${PLANTED.openai}" # from the console
[ -f ~/.fzf.bash ] && source ~/.fzf.bash
export NVM_DIR="$HOME/.nvm"`;
}
