// The call that a reasoner is answering: its ids, and what its own calls carry on.

import { AsyncLocalStorage } from "node:async_hooks";
import type { IncomingHttpHeaders } from "node:http";

// What Maverick sends with a call and wants back with every call that is made meanwhile.
const KEPT = [
  "X-Session-ID",
  "X-Actor-ID",
  "X-AgentField-Replay-Source-Run-ID",
  "X-AgentField-Replay-Before-Execution-ID",
  "X-AgentField-Replay-Mode",
];

/** One call of a reasoner, as Maverick sent it. */
export class Call {
  readonly executionId: string;
  readonly runId: string;
  readonly parentExecutionId: string;
  readonly session: string;
  readonly actor: string;
  readonly #kept: Record<string, string> = {};
  readonly #stop = new AbortController();

  constructor(
    headers: IncomingHttpHeaders,
    /** agent.reasoner */
    readonly target: string,
  ) {
    const value = (name: string): string => String(headers[name.toLowerCase()] ?? "");
    this.executionId = value("X-Execution-ID");
    this.runId = value("X-Run-ID");
    this.parentExecutionId = value("X-Parent-Execution-ID");
    this.session = value("X-Session-ID");
    this.actor = value("X-Actor-ID");
    for (const name of KEPT) if (value(name) !== "") this.#kept[name] = value(name);
  }

  /** Aborted when nobody waits for the result any more. */
  get signal(): AbortSignal {
    return this.#stop.signal;
  }

  cancel(why: string): void {
    this.#stop.abort(new Cancelled(why));
  }

  /** Of a call that is made while this one is answered: it becomes its child. */
  headers(): Record<string, string> {
    const own: Record<string, string> = {
      "X-Run-ID": this.runId,
      "X-Workflow-ID": this.runId,
      "X-Parent-Execution-ID": this.executionId,
      "X-Caller-Agent-ID": this.target.split(".")[0] ?? "",
    };
    const told = Object.entries(own).filter(([, value]) => value !== "");
    return { ...this.#kept, ...Object.fromEntries(told) };
  }
}

/** Nobody waits for the call any more: the reason of its signal. */
export class Cancelled extends Error {
  override readonly name = "Cancelled";
}

export const current = new AsyncLocalStorage<Call>();

/** The call that is being answered; undefined outside a reasoner. */
export function currentCall(): Call | undefined {
  return current.getStore();
}
