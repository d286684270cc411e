import { X509Certificate } from "node:crypto";
import { readFileSync } from "node:fs";
import { type Check, type CheckResult, ok, skip } from "../check.ts";
import type { MachineContext } from "../machine-context.ts";

const DAY_MS = 86_400_000;
const WARN_DAYS = 30;

/** The data plane's own certificate, when it has one. */
export function certificateCheck({ setting, clock }: MachineContext): Check {
  return {
    id: "program.certificate",
    title: "certificate",
    group: "program",
    run(): CheckResult {
      const [certificate, key] = [setting("tlsCert"), setting("tlsKey")];
      if (typeof certificate !== "string")
        return skip("none is used: the gateway listens on this machine only");
      if (typeof key !== "string") {
        return {
          status: "fail",
          what: "there is a certificate and no key for it",
          next: "ownkey config set tlsKey FILE",
        };
      }
      const found = read(certificate);
      if (!found) {
        return {
          status: "fail",
          what: `${certificate} holds no certificate that can be read`,
          next: "check the path and that the file is PEM",
        };
      }
      const days = Math.floor((Date.parse(found.validTo) - clock.nowMs()) / DAY_MS);
      if (days >= WARN_DAYS) return ok(`it is good for ${days} days`);
      return {
        status: days < 0 ? "fail" : "warn",
        what: days < 0 ? "it has ended: clients refuse the connection" : `it ends in ${days} days`,
        next: `renew ${certificate}, then: ownkey down; ownkey up --detach`,
      };
    },
  };
}

function read(path: string): X509Certificate | undefined {
  try {
    return new X509Certificate(readFileSync(path));
  } catch {
    return undefined;
  }
}
