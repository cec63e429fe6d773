// What keeps an agent known: registration, heartbeats, and what it notes and logs.

import { ApiError } from "../src/errors.js";
import { part, pause, sleep } from "../src/sending.js";
import { isTrouble, type Plane } from "./plane.js";

const MOST_WAITING = 10_000; // notes and log lines; further ones are dropped while nobody takes them
const MOST_AT_ONCE = 200; // log lines of one request
const LONGEST_PAUSE_MS = 5000;

/** A note, or a line of a log, of one call. */
export interface Line {
  id: string;
  isNote: boolean;
  body: Record<string, unknown>;
}

export interface Described extends Record<string, unknown> {
  id: string;
  version: string;
  instance_id: string;
}

/** One agent's line to Maverick, apart from its calls. */
export class Pulse {
  readonly #lines: Line[] = [];
  readonly #stop = new AbortController();
  #beating: ReturnType<typeof setInterval> | undefined;
  #busy = false;
  #sending: Promise<void> = Promise.resolve();
  #known = false;
  #beaten: Promise<void> = Promise.resolve();

  constructor(
    readonly plane: Plane,
    readonly described: () => Described,
    readonly everyMs: number,
  ) {}

  /** Register, until Maverick answers, and beat from then on. Throws when it refuses. */
  async start(): Promise<void> {
    await this.#register();
    this.#known = true;
    const beat = (): void => void (this.#beaten = this.#beat());
    this.#beating = setInterval(beat, this.everyMs);
    beat();
  }

  /** Send it soon. */
  add(line: Line): void {
    if (this.#lines.length >= MOST_WAITING) return;
    this.#lines.push(line);
    if (this.#busy) return;
    this.#busy = true;
    this.#sending = this.#send();
  }

  /** No more beats, and Maverick is told; lines still go out. */
  async sayGoodbye(): Promise<void> {
    clearInterval(this.#beating);
    this.#stop.abort(new Error("the agent stops"));
    if (!this.#known) return;
    await this.#beaten; // else it would say `ready` after the goodbye
    const json = { reason: "signal", timeout_seconds: 30 };
    await this.#once("shutdown", json).catch(() => undefined);
  }

  /** Send what still waits. */
  async end(): Promise<void> {
    const late = new AbortController();
    const time = sleep(5000, late.signal).catch(() => undefined);
    await Promise.race([this.#sending, time]);
    late.abort();
  }

  async #register(): Promise<void> {
    const signal = this.#stop.signal;
    for (let attempt = 0; ; attempt += 1) {
      try {
        const json = this.described();
        await this.plane.tell("POST", "nodes/register", { json, patienceMs: 0, signal });
        return;
      } catch (error) {
        signal.throwIfAborted();
        if (!isTrouble(error)) throw error;
        if (attempt === 0) console.error(`${this.described().id} cannot register yet: ${String(error)}`);
      }
      await sleep(Math.min(pause(attempt), LONGEST_PAUSE_MS), signal);
    }
  }

  async #beat(): Promise<void> {
    const { version, instance_id } = this.described();
    const timestamp = new Date().toISOString();
    try {
      await this.#once("heartbeat", { status: "ready", timestamp, version, instance_id });
    } catch (error) {
      if (!(error instanceof ApiError && error.status === 404)) return;
      // Maverick does not know it any more.
      await this.#register().catch((refused: unknown) => {
        if (!this.#stop.signal.aborted) console.error(String(refused));
      });
    }
  }

  async #once(what: string, json: unknown): Promise<void> {
    const path = `nodes/${part(this.described().id)}/${what}`;
    await this.plane.tell("POST", path, { json, patienceMs: 0 });
  }

  async #send(): Promise<void> {
    await sleep(20); // what comes together goes together
    for (let line = this.#lines.shift(); line !== undefined; line = this.#lines.shift()) {
      const { id, isNote, body } = line;
      const request = isNote
        ? { json: body, headers: { "X-Execution-ID": id } }
        : { json: { entries: [body, ...this.#gathered(id)] } };
      const path = isNote ? "executions/note" : `executions/${part(id)}/logs`;
      // A line that is lost is no reason to stop work.
      await this.plane.tell("POST", path, { ...request, patienceMs: 0 }).catch(() => undefined);
    }
    this.#busy = false;
  }

  /** The lines that are next and of the same log. */
  #gathered(id: string): Record<string, unknown>[] {
    const other = this.#lines.findIndex((one) => one.isNote || one.id !== id);
    const count = Math.min(other < 0 ? this.#lines.length : other, MOST_AT_ONCE - 1);
    return this.#lines.splice(0, count).map((one) => one.body);
  }
}
