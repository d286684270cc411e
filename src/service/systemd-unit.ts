import { AppError } from "../kernel/index.ts";
import { refuseControlCharacters, type ServiceDefinition } from "./definition.ts";

export const UNIT_NAME = "ownkey.service";

/**
 * A unit for systemd's user manager (systemd.service(5), systemd.exec(5)). Only hardening that works without any
 * privilege: everything that needs a mount or user namespace (PrivateTmp, ProtectSystem …) is left out, because it
 * stops the service on systems that forbid those to users, and cuts it off from the session's keychain.
 * MemoryDenyWriteExecute would stop the JIT compiler.
 */
export function systemdUnit({ program, home }: ServiceDefinition): string {
  refuseOddProgram(program);
  return `[Unit]
Description=Ownkey: keeps AI provider keys and lends them to tools
StartLimitIntervalSec=60
StartLimitBurst=5

[Service]
Type=exec
ExecStart=:${quote(program)} up
Environment=${quote(`OWNKEY_HOME=${home}`)}
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
`;
}

/** systemd takes no executable whose path holds a quote or backslash, however it is written. */
function refuseOddProgram(program: string): void {
  if (!/["'\\]/.test(program)) return;
  throw new AppError(
    "invalid_input",
    "systemd cannot start a program whose path holds a quote or backslash",
    {
      hint: "move it to a folder with a plain name",
    },
  );
}

/**
 * One word for systemd: C-style escapes inside double quotes, `%` doubled against specifiers. `$` needs nothing: the
 * colon before the program switches variables off, and `Environment=` knows none.
 */
function quote(word: string): string {
  refuseControlCharacters(word);
  return `"${word.replaceAll("\\", "\\\\").replaceAll('"', '\\"').replaceAll("%", "%%")}"`;
}
