import { existsSync } from "node:fs";
import { type Check, type CheckResult, ok } from "../check.ts";
import type { MachineContext } from "../machine-context.ts";

const PROXIES = ["HTTP_PROXY", "http_proxy", "HTTPS_PROXY", "https_proxy", "ALL_PROXY", "all_proxy"];
const CERTIFICATE_FILES = ["NODE_EXTRA_CA_CERTS", "SSL_CERT_FILE", "REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE"];

/** Variables that lead requests of tools astray, or take the safety of their connections away. */
export function proxyCheck({ environment }: MachineContext): Check {
  const value = (name: string) => environment[name] ?? "";
  return {
    id: "machine.network-variables",
    title: "proxy and certificate variables",
    group: "machine",
    run(): CheckResult {
      if (value("NODE_TLS_REJECT_UNAUTHORIZED") === "0" || value("PYTHONHTTPSVERIFY") === "0") {
        return {
          status: "fail",
          what: "a variable switches the check of certificates off",
          why: "whoever stands between a tool and its provider can read keys and prompts then",
          next: "unset NODE_TLS_REJECT_UNAUTHORIZED PYTHONHTTPSVERIFY; give the company's certificate with NODE_EXTRA_CA_CERTS",
        };
      }
      const missing = CERTIFICATE_FILES.filter((name) => value(name) !== "" && !existsSync(value(name)));
      if (missing.length > 0) {
        return {
          status: "fail",
          what: `${missing.join(" and ")} names a file that is not there`,
          why: "tools that read it fail at every certificate",
          next: `unset ${missing.join(" ")}, or put the certificates back`,
        };
      }
      const proxies = PROXIES.filter((name) => value(name) !== "");
      if (proxies.length === 0) return ok("none is set");
      const exempt = `${value("NO_PROXY")},${value("no_proxy")}`.split(",").map((host) => host.trim());
      if (exempt.includes("*") || exempt.includes("127.0.0.1")) {
        return ok(`${proxies.join(", ")}; this machine is exempt`);
      }
      return {
        status: "warn",
        what: `${proxies.join(", ")} is set, and NO_PROXY does not name 127.0.0.1`,
        why: "some tools send requests to the gateway through the proxy then, with their virtual key, and get an error of the proxy",
        next: "export NO_PROXY=127.0.0.1,localhost (ownkey run does that by itself); Ownkey itself uses no proxy of the environment",
      };
    },
  };
}
