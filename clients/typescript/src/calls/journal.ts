// A run's journal as it is written, and waiting for the end.

import { ApiError, refusal, WaitTimeout } from "../errors.js";
import { frames } from "../events.js";
import type { Answer, Event } from "../schemas.js";
import { lost, part, pause, sleep } from "../sending.js";
import { RunCalls } from "./runs.js";

const OVER = new Set(["succeeded", "failed", "cancelled", "timeout"]);
const NO_STREAMS = new Set([429, 501, 502, 503, 504]);
// The stream says something at least every 15 seconds; three silences and the line is dead.
const SILENCE_MS = 45_000;

export interface Following {
  /** The number behind which to begin. */
  after?: number;
  signal?: AbortSignal;
}

export interface Waiting {
  /** Raises WaitTimeout after so many milliseconds; without it, waits for ever. */
  timeoutMs?: number;
  everyMs?: number;
  signal?: AbortSignal;
}

export class JournalCalls extends RunCalls {
  /** The entries of a run's journal with a number above `after`, as they come, until the run is
   * over. A broken stream is taken up again behind the last entry that was seen. */
  async *events(runId: string, { after = 0, signal }: Following = {}): AsyncGenerator<Event> {
    let failures = 0;
    let streams = true;
    for (;;) {
      const before = after;
      try {
        const entries = streams
          ? this.#stream(runId, after, signal)
          : this.#poll(runId, after, signal);
        for await (const event of entries) {
          if (event === null) return;
          if (event.seq <= after) continue;
          after = event.seq;
          yield event;
        }
      } catch (error) {
        signal?.throwIfAborted();
        if (error instanceof ApiError && NO_STREAMS.has(error.status)) {
          // No streams here, or too many already: the journal comes page by page instead.
          streams = false;
        } else if (this.isLost(error)) {
          failures = after > before ? 1 : failures + 1;
          if (failures > this.retries) throw this.unreachable(error);
        } else {
          throw error;
        }
      }
      await sleep(pause(failures), signal);
    }
  }

  /** The entries that one connection brings; null when the run is over. */
  async *#stream(runId: string, after: number, given?: AbortSignal): AsyncGenerator<Event | null> {
    const path = `runs/${part(runId)}/events`;
    const headers = { Accept: "text/event-stream", "Last-Event-ID": String(after) };
    const silence = new AbortController();
    const signal = given ? AbortSignal.any([given, silence.signal]) : silence.signal;
    const dead = (): void => silence.abort(new DOMException("silence", "TimeoutError"));
    let timer = setTimeout(dead, this.timeoutMs);
    try {
      const answer = await this.once("GET", path, { query: { after }, headers }, signal);
      if (!answer.ok) throw await refusal(answer);
      const alive = (): void => {
        clearTimeout(timer);
        timer = setTimeout(dead, SILENCE_MS);
      };
      for await (const frame of frames(chunks(answer, alive))) {
        if (frame.event === "end") {
          yield null;
          return;
        }
        const entry = entryOf(frame.data);
        if (entry !== null) yield entry;
      }
    } finally {
      clearTimeout(timer);
      silence.abort(); // Whoever stops listening closes the connection, too.
    }
  }

  async *#poll(runId: string, after: number, signal?: AbortSignal): AsyncGenerator<Event | null> {
    const page = await this.eventPage(runId, after, 500, signal);
    yield* page.items;
    if (page.over) yield null;
  }

  /** The journal behind a number, as it is now. */
  eventPage(
    runId: string,
    after = 0,
    limit = 500,
    signal?: AbortSignal,
  ): Promise<Answer<"listEvents">> {
    const path = `runs/${part(runId)}/events`;
    return this.ask<"listEvents">("GET", path, { query: { after, limit }, signal });
  }

  /** The run once it is over. */
  async wait(
    runId: string,
    { timeoutMs, everyMs = 300, signal }: Waiting = {},
  ): Promise<Answer<"getRun">> {
    const end = timeoutMs === undefined ? Infinity : Date.now() + timeoutMs;
    for (;;) {
      signal?.throwIfAborted();
      const run = await this.getRun(runId);
      if (OVER.has(run.status)) return run;
      if (Date.now() >= end) {
        throw new WaitTimeout(`Run ${runId} is ${run.status} after ${timeoutMs} ms.`);
      }
      await sleep(everyMs, signal);
    }
  }
}

async function* chunks(answer: Response, alive: () => void): AsyncGenerator<Uint8Array> {
  const reader = answer.body?.getReader();
  if (reader === undefined) return;
  for (;;) {
    alive();
    let read: Awaited<ReturnType<typeof reader.read>>;
    try {
      read = await reader.read();
    } catch (error) {
      throw lost(error);
    }
    if (read.done) return;
    yield read.value;
  }
}

function entryOf(data: string): Event | null {
  try {
    const entry = JSON.parse(data) as Partial<Event> | null;
    return entry !== null && "kind" in entry && "seq" in entry ? (entry as Event) : null;
  } catch {
    return null;
  }
}
