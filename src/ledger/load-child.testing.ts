// A gateway's ledger under load, in a process of its own, to be killed: `bun load-child.testing.ts DIR ROUND`.
// Tells on stdout what it was promised: `r ID` when a reservation is durable, `s ID` when a settlement is.
import { writeSync } from "node:fs";
import { silentLog, systemClock } from "../kernel/index.ts";
import { claimInstance } from "./instances.ts";
import { reservedAttempt, settledAttempt } from "./samples.testing.ts";
import { openLedger } from "./open.ts";

const [dir = "", round = ""] = process.argv.slice(2);
const { path } = claimInstance(dir);
const ledger = openLedger({ path, clock: systemClock, log: silentLog });
const tell = (line: string) => writeSync(1, `${line}\n`);

async function request(id: string): Promise<void> {
  const ref = await ledger.reserve(reservedAttempt({ requestId: id, reservedNanos: 1000n }));
  tell(`r ${id}`);
  await new Promise((resolve) => setImmediate(resolve));
  await ledger.settle(ref, settledAttempt({ costNanos: 7n }));
  tell(`s ${id}`);
}

for (let turn = 0; ; turn++) {
  await Promise.all(Array.from({ length: 20 }, (_, i) => request(`req_${round}_${turn}_${i}`)));
}
