/** What is no AI tool: shells and their histories, package managers, service managers. People keep keys there all the same. */
import type { Folders } from "../machine.ts";
import { type FileTable, filesOf, type ToolFile } from "./tool-file.ts";

const STARTS = [
  ".profile",
  ".bash_profile",
  ".bash_login",
  ".bashrc",
  ".bash_aliases",
  ".bash_logout",
  ".zshrc",
  ".zshenv",
  ".zprofile",
  ".zlogin",
  ".zsh_aliases",
  ".kshrc",
  ".cshrc",
  ".tcshrc",
  ".login",
  ".xprofile",
  ".xsessionrc",
  ".xinitrc",
  ".exports",
  ".aliases",
  ".functions",
  ".extra",
  ".secrets",
  ".envrc",
];

const HISTORIES = [
  ".bash_history",
  ".zsh_history",
  ".zhistory",
  ".histfile",
  ".history",
  ".sh_history",
  ".python_history",
  ".node_repl_history",
  ".psql_history",
  ".mysql_history",
  ".sqlite_history",
  ".rediscli_history",
  ".irb_history",
  ".lesshst",
  ".viminfo",
];

/** Start files of shells, and what they read. */
const shellStarts: FileTable = ({ home, xdgConfig, join, platform, variable }) => {
  const zsh = variable("ZDOTDIR");
  const documents = platform === "win32" ? join(home, "Documents") : xdgConfig;
  const powershell =
    platform === "win32"
      ? ["PowerShell", "WindowsPowerShell"].map((name) => join(documents, name))
      : [join(documents, "powershell")];
  const paths = [
    ...STARTS.map((name) => join(home, name)),
    ...(zsh === undefined
      ? []
      : STARTS.filter((name) => name.startsWith(".z")).map((name) => join(zsh, name))),
    join(xdgConfig, "fish", "config.fish"),
    join(xdgConfig, "fish", "fish_variables"),
    join(xdgConfig, "fish", "conf.d", "*.fish"),
    join(xdgConfig, "fish", "functions", "*.fish"),
    join(xdgConfig, "nushell", "env.nu"),
    join(xdgConfig, "nushell", "config.nu"),
    join(home, ".bashrc.d", "*"),
    join(home, ".zshrc.d", "*"),
    join(home, ".oh-my-zsh", "custom", "*.zsh"),
    ...powershell.flatMap((folder) => [
      join(folder, "profile.ps1"),
      join(folder, "Microsoft.PowerShell_profile.ps1"),
    ]),
  ];
  return filesOf(
    "shell",
    paths.map((path) => [path, "shell", "settings"] as const),
  );
};

const histories: FileTable = ({ home, xdgData, settings, platform, join, variable }) => {
  const powershell =
    platform === "win32"
      ? join(settings, "Microsoft", "Windows", "PowerShell", "PSReadLine", "*_history.txt")
      : join(xdgData, "powershell", "PSReadLine", "*_history.txt");
  const paths = [
    variable("HISTFILE"),
    ...HISTORIES.map((name) => join(home, name)),
    join(home, ".zsh_sessions", "*.history"),
    join(home, ".bash_sessions", "*.history"),
    join(xdgData, "fish", "fish_history"),
    join(home, ".ipython", "profile_*", "history.sqlite"),
    powershell,
  ];
  return filesOf(
    "shell",
    paths.map((path) => [path, path?.endsWith(".sqlite") ? "sqlite" : "text", "history"] as const),
  );
};

/** `.env` files of the home, which aider and the Gemini CLI read, and which people source by hand. */
const dotenvs: FileTable = ({ home, xdgConfig, join }) =>
  filesOf("dotenv", [
    [join(home, ".env"), "dotenv", "keys"],
    [join(home, ".env.*"), "dotenv", "keys"],
    [join(home, "*.env"), "dotenv", "keys"],
    [join(xdgConfig, "direnv", "direnvrc"), "shell", "settings"],
    [join(xdgConfig, "litellm", "*.yaml"), "yaml", "settings"],
  ]);

const packageManagers: FileTable = ({ home, xdgConfig, join, variable }) =>
  filesOf("package-manager", [
    [variable("NPM_CONFIG_USERCONFIG") ?? join(home, ".npmrc"), "text", "keys"],
    [join(home, ".yarnrc.yml"), "yaml", "settings"],
    [join(home, ".pypirc"), "text", "keys"],
    [join(home, ".netrc"), "text", "keys"],
    [join(home, "_netrc"), "text", "keys"],
    [join(xdgConfig, "pip", "pip.conf"), "text", "settings"],
    [join(home, ".docker", "config.json"), "jsonc", "keys"],
    [join(home, ".git-credentials"), "text", "keys"],
    [join(home, ".gitconfig"), "text", "settings"],
    [join(xdgConfig, "git", "credentials"), "text", "keys"],
    [join(xdgConfig, "git", "config"), "text", "settings"],
    [join(home, ".cache", "huggingface", "token"), "text", "keys"],
    [join(home, ".cache", "huggingface", "stored_tokens"), "text", "keys"],
    [join(home, ".cargo", "credentials.toml"), "toml", "keys"],
    [join(home, ".pgpass"), "text", "keys"],
    [join(home, ".aws", "credentials"), "text", "keys"],
    [join(home, ".azure", "config"), "text", "settings"],
    [join(home, ".ssh", "environment"), "dotenv", "settings"],
  ]);

/** Variables that a desktop session or a service gets without any shell. */
const sessions: FileTable = ({ home, xdgConfig, platform, join }) => {
  const linux = [
    [join(xdgConfig, "environment.d", "*.conf"), "dotenv", "settings"],
    [join(xdgConfig, "systemd", "user", "*.service"), "text", "settings"],
    [join(xdgConfig, "systemd", "user", "*.service.d", "*.conf"), "text", "settings"],
    [join(xdgConfig, "autostart", "*.desktop"), "text", "settings"],
    [join(home, ".pam_environment"), "dotenv", "settings"],
    ["/etc/environment", "dotenv", "settings"],
    ["/etc/profile.d/*.sh", "shell", "settings"],
  ] as const;
  const darwin = [
    [join(home, "Library", "LaunchAgents", "*.plist"), "text", "settings"],
    [join(home, ".MacOSX", "environment.plist"), "text", "settings"],
    ["/etc/launchd.conf", "text", "settings"],
  ] as const;
  return filesOf("system", platform === "linux" ? linux : platform === "darwin" ? darwin : []);
};

export const systemFiles: FileTable = (folders: Folders): readonly ToolFile[] => [
  ...shellStarts(folders),
  ...histories(folders),
  ...dotenvs(folders),
  ...packageManagers(folders),
  ...sessions(folders),
];
