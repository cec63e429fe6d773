// What an agent tells Maverick and asks of it, and how often it tries.

import { ApiError, refusal, ServerUnreachable } from "../src/errors.js";
import { part, pause, randomKey, Sending, sleep, whole } from "../src/sending.js";
import { CallFailed, type Told } from "./failures.js";

// What a server answers that is in trouble. Only what may come twice is sent again after a 500.
const TROUBLE = new Set([408, 429, 500, 502, 503, 504]);
const SOONEST_MS = 30;
const LATEST_MS = 1000;
const LONGEST_PAUSE_MS = 5000;
// A server that starts anew is back within this.
export const PATIENCE_MS = 120_000;

export interface Calling {
  /** Part of what a restart compares; it is not sent to the reasoner. */
  context?: Record<string, unknown>;
  /** WaitTimeout is thrown after this; the call goes on. */
  timeoutMs?: number;
  idempotencyKey?: string;
  signal?: AbortSignal;
}

interface Request {
  json?: unknown;
  headers?: Record<string, string>;
  patienceMs?: number;
  signal?: AbortSignal | undefined;
}

/** One Maverick, as an agent sees it. */
export class Plane extends Sending {
  /** Submit a call and wait for its result. */
  async call(
    target: string,
    input: unknown,
    asked: Calling,
    headers: Record<string, string>,
  ): Promise<unknown> {
    const { context, signal } = asked;
    const made = (await this.tell("POST", `execute/async/${part(target)}`, {
      json: context === undefined ? { input } : { input, context },
      // Under a key: an answer that was lost is asked for again, and the call is made once.
      headers: { ...headers, "Idempotency-Key": asked.idempotencyKey ?? randomKey() },
      signal,
    })) as Told;
    const path = `executions/${part(made.execution_id)}`;
    for (let wait = SOONEST_MS; ; wait = Math.min(wait * 1.4, LATEST_MS)) {
      const told = (await this.tell("GET", path, { patienceMs: Infinity, signal })) as Told;
      if (told.status === "succeeded") return told.result ?? null;
      if (["failed", "cancelled", "timeout"].includes(told.status)) {
        throw new CallFailed(target, told);
      }
      await sleep(wait, signal);
    }
  }

  /** Tell how a call ended, until it is taken or refused: the same report may come twice. */
  async report(id: string, json: unknown, signal: AbortSignal): Promise<void> {
    await this.tell("POST", `executions/${part(id)}/status`, { json, patienceMs: Infinity, signal });
  }

  /** The answer to a request that may come twice. */
  async tell(method: string, path: string, request: Request = {}): Promise<unknown> {
    const { json, headers = {}, signal, patienceMs = PATIENCE_MS } = request;
    const until = Date.now() + patienceMs;
    for (let attempt = 0; ; attempt += 1) {
      let trouble: unknown;
      let asked: string | null = null;
      try {
        const limit = AbortSignal.timeout(this.timeoutMs);
        const both = signal ? AbortSignal.any([signal, limit]) : limit;
        const answer = await this.once(method, path, { json, headers }, both);
        if (answer.ok) return parsed(await whole(answer.text()), this.baseUrl);
        trouble = await whole(refusal(answer));
        if (!TROUBLE.has(answer.status)) throw trouble;
        asked = answer.headers.get("retry-after");
      } catch (error) {
        signal?.throwIfAborted();
        if (error !== trouble && this.isLost(error)) trouble = this.unreachable(error);
        else throw error;
      }
      if (Date.now() > until) throw trouble;
      await sleep(Math.min(pause(attempt, asked), LONGEST_PAUSE_MS), signal);
    }
  }
}

/** Whether it may be over soon. */
export function isTrouble(error: unknown): boolean {
  if (error instanceof ApiError) return TROUBLE.has(error.status);
  return error instanceof ServerUnreachable;
}

function parsed(text: string, from: string): unknown {
  try {
    return text === "" ? null : JSON.parse(text);
  } catch {
    throw new ServerUnreachable(
      `${from} answered something else than JSON. Is it a Maverick server?`,
    );
  }
}
