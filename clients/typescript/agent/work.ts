// The calls that an agent is answering: begun once each, cancelled, ended, reported.

import { ApiError } from "../src/errors.js";
import { sleep } from "../src/sending.js";
import { type Call, type Cancelled, current } from "./context.js";
import { CallFailed, ReasonerFailed } from "./failures.js";

const REMEMBERED = 10_000; // calls that are over, and are not begun again if they come once more
const REPORTING_MS = 10_000; // for the last reports when the agent stops

type Report = Record<string, unknown>;

interface Under {
  call: Call;
  seen: Promise<void>;
}

/** All calls of one agent. */
export class Work {
  readonly #under = new Map<string, Under>();
  readonly #over = new Set<string>();
  readonly #giveUp = new AbortController();
  #draining = false;

  constructor(readonly report: (id: string, json: Report, signal: AbortSignal) => Promise<void>) {}

  /** Begin the call, unless it has begun before; false when nothing new is taken any more. While
   * the agent stops, the calls that its own work waits for are still taken. */
  take(call: Call, name: string, run: () => Promise<unknown>): boolean {
    const id = call.executionId;
    if (this.#under.has(id) || this.#over.has(id)) return true;
    if (this.#draining && !this.#under.has(call.parentExecutionId)) return false;
    const seen = this.#seeThrough(call, name, run).finally(() => {
      this.#under.delete(id);
      this.#over.add(id);
      const [oldest] = this.#over;
      if (this.#over.size > REMEMBERED && oldest !== undefined) this.#over.delete(oldest);
    });
    this.#under.set(id, { call, seen });
    return true;
  }

  /** End a call; false when it is not under way here. */
  cancel(id: string, why: string): boolean {
    const under = this.#under.get(id);
    under?.call.cancel(why);
    return under !== undefined;
  }

  /** Take nothing new, wait for what is under way, and end what is not over by then, or when
   * somebody is in a hurry. */
  async drain(graceMs: number, hurry: AbortSignal): Promise<void> {
    this.#draining = true;
    await this.#untilDone(graceMs, hurry);
    for (const { call } of this.#under.values()) call.cancel("cancelled during graceful shutdown");
    await this.#untilDone(REPORTING_MS);
    this.#giveUp.abort(new Error("the agent has stopped"));
  }

  async #untilDone(ms: number, hurry?: AbortSignal): Promise<void> {
    const late = new AbortController();
    const limit = hurry ? AbortSignal.any([hurry, late.signal]) : late.signal;
    const time = sleep(ms, limit).catch(() => undefined);
    let over = false;
    void time.then(() => (over = true));
    while (this.#under.size > 0 && !over) {
      await Promise.race([time, ...[...this.#under.values()].map((one) => one.seen)]);
    }
    late.abort();
  }

  async #seeThrough(call: Call, name: string, run: () => Promise<unknown>): Promise<void> {
    const started = performance.now();
    const told = await outcome(call, run);
    const report = {
      ...told,
      execution_id: call.executionId,
      reasoner: name,
      duration_ms: Math.round(performance.now() - started),
      completed_at: new Date().toISOString(),
    };
    await this.#tell(call, report);
  }

  async #tell(call: Call, report: Report): Promise<void> {
    try {
      await this.report(call.executionId, report, this.#giveUp.signal);
    } catch (error) {
      if (!(error instanceof ApiError)) {
        console.error(`The end of ${call.executionId} could not be told`, error);
        return;
      }
      // 409: it is over in another way, cancelled for instance. 404: its run was deleted.
      if ([404, 409].includes(error.status) || report["status"] === "failed") return;
      // Too large, for instance. Untold, it would never be over for whoever waits for it.
      const { execution_id, reasoner, duration_ms } = report;
      const text = `Maverick refused the report: ${error.message}`;
      await this.#tell(call, { execution_id, reasoner, duration_ms, status: "failed", error: text });
    }
  }
}

/** How the reasoner ended, as it is reported. */
async function outcome(call: Call, run: () => Promise<unknown>): Promise<Report> {
  const cancelled = new Promise<never>((_, reject) => {
    call.signal.addEventListener("abort", () => reject(call.signal.reason), { once: true });
  });
  try {
    // What it begins knows which call it belongs to. Nothing stops a function that goes on all the
    // same; its result is dropped.
    const result = await Promise.race([current.run(call, run), cancelled]);
    return { status: "succeeded", result: jsonForm(result) };
  } catch (error) {
    return failure(call, error);
  }
}

function failure(call: Call, error: unknown): Report {
  if (call.signal.aborted) {
    const why = (call.signal.reason as Cancelled).message;
    return { status: "cancelled", error: why, status_reason: why };
  }
  const text = error instanceof Error ? error.message || error.name : String(error);
  const report: Report = { status: "failed", error: text };
  if (error instanceof ReasonerFailed) {
    const { result, details, statusCode } = error.told;
    if (result !== undefined) report["result"] = result;
    if (details !== undefined) report["error_details"] = details;
    if (statusCode !== undefined) report["error_status_code"] = statusCode;
  } else if (error instanceof ApiError && error.status < 500) {
    report["error_status_code"] = error.status;
  } else if (!(error instanceof CallFailed)) {
    console.error(`${call.target} of ${call.executionId} failed`, error);
  }
  return report;
}

/** A result as JSON has it; what would be lost or changed on the way is refused. */
export function jsonForm(value: unknown, place = "result"): unknown {
  if (value === undefined || value === null) return null;
  if (typeof value === "string" || typeof value === "boolean") return value;
  if (typeof value === "number" && Number.isFinite(value)) return value;
  if (Array.isArray(value)) return value.map((one, n) => jsonForm(one, `${place}[${n}]`));
  if (typeof value === "object") {
    if ("toJSON" in value && typeof value.toJSON === "function") {
      return jsonForm(value.toJSON(), place);
    }
    if (!(value instanceof Map || value instanceof Set)) {
      const told = Object.entries(value).filter(([, one]) => one !== undefined);
      return Object.fromEntries(told.map(([k, one]) => [k, jsonForm(one, `${place}.${k}`)]));
    }
  }
  const isOdd = typeof value === "object";
  const kind = isOdd ? value.constructor.name : `${typeof value} ${String(value)}`;
  throw new TypeError(`${place} is a ${kind.slice(0, 60)}, which is not JSON`);
}
