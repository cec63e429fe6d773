// Agent: a process whose functions Maverick calls, and that calls others through Maverick.

import type { IncomingHttpHeaders, Server } from "node:http";
import { env } from "node:process";

import { WaitTimeout } from "../src/errors.js";
import { Call, current } from "./context.js";
import { type Calling, Plane } from "./plane.js";
import { type Described, Pulse } from "./pulse.js";
import { type Answer, type Answering, close, listen, Refusal } from "./server.js";
import { inWords, isObject, type Members, object, type Schema, Shape, type Taken, type Wrong } from "./shapes.js";
import { jsonForm, Work } from "./work.js";

const BEAT_MS = 2000; // as the protocol's own package
const EVERYWHERE = new Set(["", "0.0.0.0", "::"]);

export interface AgentOptions {
  /** MAVERICK_SERVER when it is not given. */
  server?: string;
  /** MAVERICK_TOKEN when it is not given. */
  token?: string;
  version?: string;
  host?: string;
  /** 0: any free one. */
  port?: number;
  /** Where Maverick finds it, if that is not the host and port that it listens at. */
  address?: string;
  /** What work that is under way has when it stops, in milliseconds. */
  graceMs?: number;
}

export interface Describing<M extends Members> {
  /** What it takes; anything, if it is not said. */
  input?: M;
  output?: Shape<unknown>;
  description?: string;
  tags?: string[];
}

interface Reasoner {
  told: { id: string; description: string; tags: string[]; input_schema: Schema; output_schema: Schema };
  input: Shape<unknown>;
  run: (input: never, call: Call) => unknown;
}

interface Running {
  server: Server;
  port: number;
  pulse: Pulse;
  work: Work;
}

/** A program whose functions are reasoners. For Node; a browser has the client only. */
export class Agent {
  readonly #plane: Plane;
  readonly #options: Required<Omit<AgentOptions, "server" | "token" | "address">> & AgentOptions;
  readonly #reasoners = new Map<string, Reasoner>();
  readonly #instance = crypto.randomUUID().replaceAll("-", "");
  readonly #hurry = new AbortController();
  #running: Running | undefined;

  constructor(
    readonly name: string,
    options: AgentOptions = {},
  ) {
    if (!/^[^./\s]{1,200}$/.test(name)) {
      throw new TypeError(`"${name}" cannot be the name of an agent: no dot, slash or space`);
    }
    const standard = { version: "1.0.0", host: "127.0.0.1", port: 0, graceMs: 30_000 };
    this.#options = { ...standard, ...options };
    if (EVERYWHERE.has(this.#options.host) && options.address === undefined) {
      throw new TypeError(`host "${this.#options.host}" needs address: where does Maverick find it?`);
    }
    const server = options.server ?? env["MAVERICK_SERVER"] ?? "http://127.0.0.1:8000";
    this.#plane = new Plane(server, options.token ?? env["MAVERICK_TOKEN"]);
  }

  /** Make a function a reasoner. What it takes is described once: the function's input has that
   * type, Maverick gets its JSON Schema, and what comes in is checked by it. */
  reasoner<M extends Members>(
    name: string,
    described: Describing<M> & { input: M },
    run: (input: Taken<M>, call: Call) => unknown,
  ): this;
  reasoner(name: string, run: (input: Record<string, unknown>, call: Call) => unknown): this;
  reasoner(name: string, first: unknown, second?: Reasoner["run"]): this {
    const run = second ?? (first as Reasoner["run"]);
    const described = second ? (first as Describing<Members>) : {};
    if (!/^[^./\s?#%]{1,200}$/.test(name)) {
      throw new TypeError(`"${name}" cannot be the name of a reasoner: no dot, slash or space`);
    }
    if (this.#reasoners.has(name)) throw new TypeError(`${this.name} has a reasoner "${name}" already`);
    const input: Shape<unknown> = described.input ? object(described.input) : ANY_OBJECT;
    const { description = "", tags = [] } = described;
    const output_schema = described.output?.schema ?? {};
    const told = { id: name, description, tags, input_schema: input.schema, output_schema };
    this.#reasoners.set(name, { told, input, run });
    return this;
  }

  /** Call `agent.reasoner` (or `reasoner` of this agent) through Maverick; its result. Inside a
   * reasoner the call becomes a child of the execution that makes it, and is answered from the
   * source run after a restart. Throws CallFailed, ApiError, ServerUnreachable, WaitTimeout. */
  async call<Result = any>(
    target: string,
    input: Record<string, unknown> = {},
    asked: Calling = {},
  ): Promise<Result> {
    const above = current.getStore();
    const { timeoutMs } = asked;
    const limit = timeoutMs === undefined ? undefined : AbortSignal.timeout(timeoutMs);
    const signals = [asked.signal, above?.signal, limit].filter((one) => one !== undefined);
    const full = target.includes(".") ? target : `${this.name}.${target}`;
    const more = signals.length > 0 ? { signal: AbortSignal.any(signals) } : {};
    try {
      const given = jsonForm(input, "input");
      const headers = above?.headers() ?? {};
      return (await this.#plane.call(full, given, { ...asked, ...more }, headers)) as Result;
    } catch (error) {
      if (limit?.aborted && error === limit.reason) {
        throw new WaitTimeout(`${full} was not over within ${timeoutMs} ms.`);
      }
      throw error;
    }
  }

  /** Note something about the call that is being answered; it is sent in the background. */
  note(message: string, tags: string[] = []): void {
    this.#line(true, { message, tags, agent_node_id: this.name, timestamp: new Date().toISOString() });
  }

  /** A line in the log of the call that is being answered; sent in the background. */
  log(message: string, level: "debug" | "info" | "warning" | "error" = "info"): void {
    this.#line(false, { message, level, ts: new Date().toISOString() });
  }

  #line(isNote: boolean, body: Record<string, unknown>): void {
    const call = current.getStore();
    if (call && this.#running) this.#running.pulse.add({ id: call.executionId, isNote, body });
  }

  /** Where Maverick finds it; it has one when it has started. */
  get address(): string {
    const { address, host, port } = this.#options;
    if (address !== undefined) return address.replace(/\/+$/, "");
    return `http://${host.includes(":") ? `[${host}]` : host}:${this.#running?.port ?? port}`;
  }

  /** Serve until SIGTERM or SIGINT; a second signal ends what is under way. */
  async serve(): Promise<void> {
    const asked = new AbortController();
    const stop = (): void => (asked.signal.aborted ? this.#hurry : asked).abort();
    const signals = ["SIGTERM", "SIGINT"] as const;
    for (const name of signals) process.on(name, stop);
    const stopped = new Promise<void>((resolve) => {
      asked.signal.addEventListener("abort", () => resolve(), { once: true });
    });
    try {
      const starting = this.start().then(() => {
        console.log(`${this.name} listens at ${this.address} for ${this.#plane.baseUrl}`);
        return stopped;
      });
      starting.catch(() => undefined);
      await Promise.race([starting, stopped]);
    } finally {
      await this.stop();
      for (const name of signals) process.off(name, stop);
    }
  }

  /** Listen, and register: it has done both when this is done. Until Maverick answers it tries
   * again. Throws ApiError when Maverick refuses. */
  async start(): Promise<void> {
    if (this.#running) throw new Error(`${this.name} has started already`);
    const { host, port } = this.#options;
    const [server, bound] = await listen(host, port, this.#answering());
    const pulse = new Pulse(this.#plane, () => this.#described(), BEAT_MS);
    const work = new Work((id, json, signal) => this.#plane.report(id, json, signal));
    this.#running = { server, port: bound, pulse, work };
    try {
      await pulse.start();
    } catch (error) {
      await this.stop();
      throw error;
    }
  }

  /** Take nothing new, tell Maverick, wait for what is under way and report it, and end. */
  async stop(): Promise<void> {
    const running = this.#running;
    if (!running) return;
    await running.pulse.sayGoodbye();
    await running.work.drain(this.#options.graceMs, this.#hurry.signal);
    await close(running.server);
    await running.pulse.end();
    this.#running = undefined;
  }

  // ---- what comes in ------------------------------------------------------------------------------

  #answering(): Answering {
    return {
      get: (path) => this.#look(path),
      post: (path, headers, body) => this.#answer(path, headers, body),
    };
  }

  #look(path: string): Answer {
    const { version } = this.#options;
    const told = { status: "healthy", node_id: this.name, version, timestamp: new Date().toISOString() };
    if (path === "/health") return { status: 200, told };
    if (path === "/reasoners") return { status: 200, told: { reasoners: this.#described().reasoners } };
    throw new Refusal(404, `${this.name} has nothing at ${path.slice(0, 200)}`);
  }

  #answer(path: string, headers: IncomingHttpHeaders, body: unknown): Answer {
    const running = this.#running;
    if (!running) throw new Refusal(503, `${this.name} is stopping`);
    const [, name] = /^\/reasoners\/([^/]+)$/.exec(path) ?? [];
    if (name !== undefined) return this.#take(running, name, headers, body);
    const [, id] = /^\/_internal\/executions\/([^/]+)\/cancel$/.exec(path) ?? [];
    if (id === undefined) throw new Refusal(404, `${this.name} has nothing at ${path.slice(0, 200)}`);
    const cancelled = running.work.cancel(decodeURIComponent(id), "cancelled_by_control_plane");
    return { status: 200, told: { cancelled, execution_id: id } };
  }

  #take(running: Running, name: string, headers: IncomingHttpHeaders, body: unknown): Answer {
    const known = this.#reasoners.get(name);
    if (!known) throw new Refusal(404, `${this.name} has no reasoner "${name.slice(0, 200)}"`);
    const call = new Call(headers, `${this.name}.${name}`);
    if (call.executionId === "") {
      throw new Refusal(400, "X-Execution-ID is missing: call it through Maverick");
    }
    const wrong: Wrong[] = [];
    const input = known.input.take(body, "", wrong) as never;
    if (wrong.length > 0) return { status: 422, told: { detail: inWords(wrong), problems: wrong } };
    const taken = running.work.take(call, name, async () => known.run(input, call));
    if (!taken) throw new Refusal(503, `${this.name} is stopping`);
    return { status: 202, told: { status: "processing", execution_id: call.executionId } };
  }

  #described(): Described & { reasoners: Reasoner["told"][] } {
    return {
      id: this.name,
      base_url: this.address,
      version: this.#options.version,
      instance_id: this.#instance,
      lifecycle_status: "ready",
      health_status: "healthy",
      registered_at: new Date().toISOString(),
      communication_config: { protocols: ["http"], heartbeat_interval: `${BEAT_MS / 1000}s` },
      metadata: { deployment: { platform: "node", tags: { sdk: "maverick-client" } } },
      reasoners: [...this.#reasoners.values()].map((one) => one.told),
      skills: [],
    };
  }
}

const ANY_OBJECT = new Shape<unknown>({ type: "object" }, (value, place, wrong) => {
  if (!isObject(value)) wrong.push({ place, message: "must be an object" });
  return value;
});
