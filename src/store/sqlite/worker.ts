/**
 * Runs a {@link SqliteEngine} in a thread of its own and answers {@link WorkerRequest}s. Calls are answered as they
 * finish: reads go on while `begin` waits for another process.
 */
import { AppError, systemClock } from "../../kernel/index.ts";
import type { Row } from "../store.ts";
import type { Session } from "../transaction.ts";
import { SqliteEngine } from "./engine.ts";
import { toWire, type WorkerAnswer, type WorkerCall, type WorkerRequest } from "./worker-protocol.ts";

declare const self: {
  onmessage: (event: MessageEvent<WorkerRequest>) => void;
  postMessage(answer: WorkerAnswer, transfer: readonly never[]): void;
};

class WorkerHost {
  #engine: SqliteEngine | undefined;
  #session: Session | undefined;

  async answer(call: WorkerCall): Promise<readonly Row[] | number | undefined> {
    switch (call.kind) {
      case "open":
        this.#engine = await SqliteEngine.open({ ...call, clock: systemClock });
        return undefined;
      case "read":
        return this.#opened().all(call.sql, call.params);
      case "begin":
        this.#session = await this.#opened().begin();
        return undefined;
      case "all":
        return this.#begun().all(call.sql, call.params);
      case "run":
        return this.#begun().run(call.sql, call.params);
      case "commit":
        await this.#begun().commit();
        return undefined;
      case "rollback":
        await this.#begun().rollback();
        return undefined;
      case "close":
        await this.#engine?.close();
        return undefined;
    }
  }

  #opened(): SqliteEngine {
    return this.#engine ?? outOfOrder();
  }

  #begun(): Session {
    return this.#session ?? outOfOrder();
  }
}

function outOfOrder(): never {
  throw new AppError("internal", "the store's thread was called out of order");
}

const host = new WorkerHost();
self.onmessage = ({ data: { number, call } }) => {
  host.answer(call).then(
    (result) => self.postMessage({ number, result }, []),
    (error: unknown) => self.postMessage({ number, error: toWire(error) }, []),
  );
};
