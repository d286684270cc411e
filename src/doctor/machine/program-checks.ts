import { type Check, type CheckResult, ok, skip } from "../check.ts";
import type { MachineContext } from "../machine-context.ts";

/** The running program: is it there, does it serve, or who else has its ports. */
export function programChecks(context: MachineContext): Check[] {
  const check = (what: string, title: string, run: () => CheckResult | Promise<CheckResult>): Check => ({
    id: `program.${what}`,
    title,
    group: "program",
    run,
  });
  return [
    check("running", "running program", () => running(context)),
    check("ports", "ports", () => ports(context)),
    check("gateway", "gateway", () => gateway(context)),
  ];
}

function running({ program, version }: MachineContext): CheckResult {
  const { told, placeTaken, answers } = program;
  if (answers && told) {
    if (told.version === version) return ok(`it runs (pid ${told.pid}) and answers`);
    return {
      status: "warn",
      what: `version ${told.version} runs, and this is version ${version}`,
      next: "ownkey down; ownkey up --detach",
    };
  }
  if (placeTaken) {
    return {
      status: "fail",
      what: "a program holds this home and does not answer",
      why: "it is starting, stopping, or stuck",
      next: "wait a moment and look again; then: ownkey down, or end the process that ownkey up started",
    };
  }
  return {
    status: "warn",
    what: "it does not run, so no tool is served",
    next: "ownkey up --detach; to have it always: ownkey service install",
  };
}

async function ports({ program, setting, listens, holder }: MachineContext): Promise<CheckResult> {
  if (program.answers) return ok("they are its own");
  const wanted = ["port", "uiPort"]
    .map((name) => setting(name))
    .filter((port): port is number => typeof port === "number" && port > 0);
  const taken: number[] = [];
  for (const port of wanted) if (await listens("127.0.0.1", port)) taken.push(port);
  const [first] = taken;
  if (first === undefined) return ok(`${wanted.join(" and ")} are free`);
  return {
    status: "fail",
    what: `${await holder("127.0.0.1", first)} listens on ${taken.join(" and ")}`,
    why: "Ownkey never chooses another port by itself: tools are set up with it",
    next: `see who it is: lsof -i :${first}; or choose another one: ownkey config set port PORT`,
  };
}

async function gateway({ program, fetch }: MachineContext): Promise<CheckResult> {
  if (!program.answers || !program.told) return skip("it does not run");
  const { url } = program.told;
  try {
    const { status, body } = await fetch(`${url}/readyz`);
    if (status === 200) return ok(`${url} serves`);
    const reason = /"reason": ?"([a-z_]{1,40})"/.exec(body)?.[1] ?? `status ${status}`;
    return {
      status: "fail",
      what: `${url} answers and serves nobody: ${reason}`,
      next: reason === "vault_locked" ? "ownkey unlock" : "look into the home's log/ownkey.log",
    };
  } catch {
    return {
      status: "fail",
      what: `${url} does not answer, although the program runs`,
      why: "a firewall of this machine, or a proxy, stands between",
      next: "ownkey down; ownkey up --detach",
    };
  }
}
