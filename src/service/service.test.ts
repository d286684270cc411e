import { afterAll, expect, test } from "bun:test";
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { AppError } from "../kernel/index.ts";
import type { Run, ServiceOptions } from "./definition.ts";
import { launchdPlist } from "./launchd-plist.ts";
import { serviceFor } from "./service.ts";
import { systemdUnit } from "./systemd-unit.ts";
import { windowsRecipe } from "./windows-recipe.ts";

const root = mkdtempSync(join(tmpdir(), "ownkey-service-"));
afterAll(() => rmSync(root, { recursive: true }));
const program = join(root, "ownkey");
writeFileSync(program, "#!/bin/sh\n", { mode: 0o755 });

/** A service manager that answers each command as told, else with success, and remembers what it was asked. */
function managerDouble(answers: Readonly<Record<string, { exitCode: number; stdout?: string }>> = {}) {
  const asked: string[] = [];
  const run: Run = async (command, args) => {
    const line = [command, ...args].join(" ");
    asked.push(line);
    const answer = Object.entries(answers).find(([part]) => line.includes(part))?.[1];
    return { exitCode: answer?.exitCode ?? 0, stdout: answer?.stdout ?? "", stderr: "" };
  };
  return { run, asked };
}

let count = 0;
function optionsFor(platform: string, run: Run): ServiceOptions {
  const userHome = join(root, `user ${++count}`);
  mkdirSync(userHome);
  return { platform, userHome, userId: 501, program, home: join(userHome, ".ownkey"), run };
}

async function codeOf(work: () => Promise<unknown>): Promise<string> {
  try {
    await work();
    return "ok";
  } catch (error) {
    return error instanceof AppError ? error.code : "other";
  }
}

test("the systemd unit starts the program at its path and home, restarts it, and gives it no privilege", () => {
  expect(systemdUnit({ program: "/home/ada/.local/bin/ownkey", home: "/home/ada/.ownkey" })).toBe(
    `[Unit]
Description=Ownkey: keeps AI provider keys and lends them to tools
StartLimitIntervalSec=60
StartLimitBurst=5

[Service]
Type=exec
ExecStart=:"/home/ada/.local/bin/ownkey" up
Environment="OWNKEY_HOME=/home/ada/.ownkey"
Restart=on-failure
RestartSec=2
# Wrong usage and a locked vault do not mend themselves.
RestartPreventExitStatus=2 4
TimeoutStopSec=60
KillMode=mixed
UMask=0077
LimitCORE=0
NoNewPrivileges=yes
LockPersonality=yes
RestrictRealtime=yes
RestrictSUIDSGID=yes
RestrictNamespaces=yes
RestrictAddressFamilies=AF_UNIX AF_INET AF_INET6 AF_NETLINK
SystemCallArchitectures=native

[Install]
WantedBy=default.target
`,
  );
});

const ODD = `/home/ada b/100% "$HOME" \\it's <&>/ownkey`;

test("odd characters of a path reach each service manager as they are", () => {
  const unit = systemdUnit({ program: "/home/ada b/100% $HOME <&>/ownkey", home: ODD });
  expect(unit).toContain(`ExecStart=:"/home/ada b/100%% $HOME <&>/ownkey" up\n`);
  expect(unit).toContain(`Environment="OWNKEY_HOME=/home/ada b/100%% \\"$HOME\\" \\\\it's <&>/ownkey"\n`);
  const plist = launchdPlist({ program: ODD, home: ODD });
  expect(plist).toContain(`<string>/home/ada b/100% "$HOME" \\it's &lt;&amp;&gt;/ownkey</string>`);
  expect(windowsRecipe({ program: ODD, home: ODD })).toContain(
    `-Execute '/home/ada b/100% "$HOME" \\it''s <&>/ownkey' -Argument 'up'`,
  );
});

test("a path with a line break is refused everywhere: it could add lines of its own", () => {
  for (const make of [systemdUnit, launchdPlist, windowsRecipe]) {
    expect(() => make({ program: "/x\nExecStart=/bin/evil", home: "/h" })).toThrow(AppError);
    expect(() => make({ program: "/x", home: "/h\u0000" })).toThrow(AppError);
  }
  expect(() => systemdUnit({ program: "/it's/ownkey", home: "/h" })).toThrow(/quote or backslash/);
});

test.skipIf(!Bun.which("systemd-analyze"))("systemd accepts the unit and reads the odd path as meant", () => {
  const folder = join(root, "odd % $HOME é <&>");
  mkdirSync(folder);
  const odd = join(folder, "ownkey");
  writeFileSync(odd, "#!/bin/sh\n", { mode: 0o755 });
  const unit = join(root, "ownkey.service");
  writeFileSync(unit, systemdUnit({ program: odd, home: ODD }));
  const env = { ...process.env, XDG_RUNTIME_DIR: root };
  const good = Bun.spawnSync(["systemd-analyze", "--user", "verify", unit], { env });
  expect(good.stderr.toString()).not.toContain("ownkey.service");

  writeFileSync(unit, systemdUnit({ program: join(folder, "missing"), home: folder }));
  const bad = Bun.spawnSync(["systemd-analyze", "--user", "verify", unit], { env });
  expect(bad.stderr.toString()).toContain(`${folder}/missing is not executable`);
});

test("on Linux, installing writes the unit, starts it and says how to run without a login", async () => {
  const { run, asked } = managerDouble({ "show-user": { exitCode: 0, stdout: "Linger=no\n" } });
  const options = optionsFor("linux", run);
  const status = await serviceFor(options).install();
  expect(status).toMatchObject({ installed: true, running: true });
  expect(status.file).toBe(join(options.userHome, ".config/systemd/user/ownkey.service"));
  expect(readFileSync(status.file, "utf8")).toBe(systemdUnit(options));
  expect(statSync(status.file).mode & 0o777).toBe(0o644);
  expect(status.notes.join()).toContain("loginctl enable-linger");
  expect(asked).toEqual([
    "systemctl --user show-environment",
    "systemctl --user daemon-reload",
    "systemctl --user enable ownkey.service",
    "systemctl --user restart ownkey.service",
    "systemctl --user is-active --quiet ownkey.service",
    "loginctl show-user 501 --property=Linger",
  ]);
});

test("on Linux, XDG_CONFIG_HOME moves the unit, and lingering users get no advice", async () => {
  const { run } = managerDouble({ "show-user": { exitCode: 0, stdout: "Linger=yes\n" } });
  const configDir = join(root, "xdg");
  const status = await serviceFor({ ...optionsFor("linux", run), configDir }).install();
  expect(status.file).toBe(join(configDir, "systemd/user/ownkey.service"));
  expect(status.notes).toEqual([]);
  const options = optionsFor("linux", run);
  for (const ignored of ["", "relative"]) {
    expect((await serviceFor({ ...options, configDir: ignored }).status()).file).toStartWith(
      options.userHome,
    );
  }
});

test("on Linux without a user manager nothing is written", async () => {
  const { run } = managerDouble({ "show-environment": { exitCode: 1 } });
  const service = serviceFor(optionsFor("linux", run));
  expect(await codeOf(() => service.install())).toBe("unsupported");
  expect((await service.status()).installed).toBe(false);
});

test("on Linux, uninstalling stops it and removes the unit, also twice", async () => {
  const { run, asked } = managerDouble();
  const service = serviceFor(optionsFor("linux", run));
  const { file } = await service.install();
  expect(await service.uninstall()).toMatchObject({ installed: false, running: false });
  expect(existsSync(file)).toBe(false);
  expect(asked).toContain("systemctl --user disable --now ownkey.service");
  expect(await service.uninstall()).toMatchObject({ installed: false });
});

test("on Linux, an installed service that does not run says where to look", async () => {
  const { run } = managerDouble({ "is-active": { exitCode: 3 } });
  const status = await serviceFor(optionsFor("linux", run)).install();
  expect(status).toMatchObject({ installed: true, running: false });
  expect(status.notes.join()).toContain("journalctl --user -u ownkey.service");
});

/** `print` finds the agent once it was bootstrapped. */
function launchdDouble() {
  const asked: string[] = [];
  let loaded = false;
  const run: Run = async (command, args) => {
    asked.push([command, ...args].join(" "));
    if (args[0] === "bootstrap") loaded = true;
    if (args[0] === "bootout") loaded = false;
    const found = args[0] !== "print" || loaded;
    return { exitCode: found ? 0 : 113, stdout: loaded ? "\tstate = running\n\tpid = 1\n" : "", stderr: "" };
  };
  return { run, asked };
}

test("on macOS, installing writes the agent and loads it, replacing a loaded one", async () => {
  const { run, asked } = launchdDouble();
  const options = optionsFor("darwin", run);
  const service = serviceFor(options);
  const status = await service.install();
  expect(status).toMatchObject({ installed: true, running: true, notes: [] });
  expect(status.file).toBe(join(options.userHome, "Library/LaunchAgents/ownkey.gateway.plist"));
  expect(readFileSync(status.file, "utf8")).toBe(launchdPlist(options));
  expect(existsSync(join(options.home, "log"))).toBe(true);
  expect(asked).toContain(`launchctl bootstrap gui/501 ${status.file}`);
  expect(await service.install()).toMatchObject({ running: true });
  expect(await service.uninstall()).toMatchObject({ installed: false, running: false });
});

test("on macOS, a refused agent is an error with the command to try", async () => {
  const { run } = managerDouble({ bootstrap: { exitCode: 5 }, print: { exitCode: 113 } });
  expect(await codeOf(() => serviceFor(optionsFor("darwin", run)).install())).toBe("internal");
});

test("a service for a program that is not there is refused", async () => {
  const { run } = managerDouble();
  for (const platform of ["linux", "darwin"]) {
    const service = serviceFor({ ...optionsFor(platform, run), program: join(root, "missing") });
    expect(await codeOf(() => service.install())).toBe("not_found");
  }
});

test("elsewhere the error says what to do by hand", () => {
  const { run } = managerDouble();
  const hintOf = (platform: string) => {
    try {
      serviceFor(optionsFor(platform, run));
      return undefined;
    } catch (error) {
      return error instanceof AppError ? error.hint : undefined;
    }
  };
  expect(hintOf("win32")).toContain("Register-ScheduledTask");
  expect(hintOf("freebsd")).toContain("ownkey up --detach");
});

test("the launchd agent is well-formed XML with the home's variable", () => {
  const plist = launchdPlist({ program: ODD, home: "/Users/ada/.ownkey" });
  const count = (pattern: RegExp) => Map.groupBy(plist.matchAll(pattern), (match) => match[1] ?? "");
  const [open, close] = [count(/<(\w+)(?: [^>/]*)?>/g), count(/<\/(\w+)>/g)];
  expect(new Set(open.keys())).toEqual(new Set(close.keys()));
  for (const [name, tags] of open) expect(close.get(name)).toHaveLength(tags.length);
  expect(plist).toContain("<key>OWNKEY_HOME</key>\n    <string>/Users/ada/.ownkey</string>");
});
