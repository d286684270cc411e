import { OPERATIONS } from "../../src/control/index.ts";
import { code, document, heading, table } from "./markdown.ts";

const INTRODUCTION = `
Every use case exists once, as an operation with an input and an output schema. The command line runs it in its own
process, or, while \`ownkey up\` runs, through that program's control socket: \`POST /api/NAME\` with a JSON body. The
output is the document that \`--json\` prints.

The socket is a Unix socket in the home's \`run\` folder; whoever can open it is the owner. The control port
(\`http://127.0.0.1:7789\`) serves \`/healthz\`, \`/readyz\`, \`/metrics\` (Prometheus) and \`/api/openapi.json\`, and takes no
operation: it answers 401 ([why](decisions/0008-control-port-takes-no-commands.md)).

The whole schema of every operation, generated from the code that checks it:

\`\`\`console
$ curl --silent http://127.0.0.1:7789/api/openapi.json | head -c 19
{"openapi":"3.1.0",
\`\`\``;

const WHERE = {
  anywhere: "running program, else the command itself",
  "own-process": "the command itself, never the socket",
  offline: "the command itself, without opening the home",
  running: "running program only",
} as const;

export async function apiReference(): Promise<string> {
  const rows = (await OPERATIONS.all()).map((one) => [
    code(one.name),
    one.summary,
    WHERE[one.place],
    one.whileLocked ? "yes" : "",
  ]);
  return document(
    heading("Operations"),
    INTRODUCTION,
    table(["Operation", "", "Runs in", "While locked"], rows),
  );
}
