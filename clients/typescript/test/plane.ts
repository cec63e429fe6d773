// As much of Maverick as an agent sees, on loopback: it does what no real one does at will.

import { createServer, type IncomingMessage, type Server } from "node:http";
import type { AddressInfo } from "node:net";

export interface Asked {
  path: string;
  headers: IncomingMessage["headers"];
  body: any;
}

/** `null`: the connection is broken off without an answer. */
export type Said = [status: number, body: unknown] | null | undefined;

/** Takes everything, and notes it; `say` says otherwise for some requests. */
export class LittlePlane {
  readonly asked: Asked[] = [];
  readonly results = new Map<string, unknown>(); // of nested calls, by their targets
  say: (asked: Asked) => Said = () => undefined;
  readonly #server: Server;

  private constructor() {
    this.#server = createServer((request, answer) => {
      const parts: Buffer[] = [];
      request.on("data", (part: Buffer) => parts.push(part));
      request.on("end", () => {
        const text = Buffer.concat(parts).toString();
        const path = request.url ?? "";
        const asked = { path, headers: request.headers, body: text === "" ? null : JSON.parse(text) };
        this.asked.push(asked);
        const told = this.say(asked);
        const said = told === undefined ? this.#usual(path) : told;
        if (said === null) return void request.socket.destroy();
        answer.writeHead(said[0], { "Content-Type": "application/json" });
        answer.end(JSON.stringify(said[1]));
      });
    });
  }

  static async open(): Promise<LittlePlane> {
    const plane = new LittlePlane();
    await new Promise<void>((ready) => plane.#server.listen(0, "127.0.0.1", ready));
    return plane;
  }

  get url(): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  close(): void {
    this.#server.closeAllConnections();
    this.#server.close();
  }

  #usual(path: string): [number, unknown] {
    const words = path.split("/");
    const last = words.at(-1) ?? "";
    // The target is the id: what its poll answers is found by it.
    if (words.includes("execute")) return [202, { execution_id: last, run_id: "run_1" }];
    if (words.at(-2) === "executions" && last !== "note") {
      return [200, { execution_id: last, status: "succeeded", result: this.results.get(last) }];
    }
    return [200, {}];
  }

  /** The requests to addresses that end so. */
  of(end: string): Asked[] {
    return this.asked.filter((one) => one.path.endsWith(end));
  }

  async until<Found>(done: () => Found): Promise<NonNullable<Found>> {
    const limit = Date.now() + 20_000;
    for (;;) {
      const found = done();
      if (found) return found;
      if (Date.now() > limit) throw new Error(`it never came: ${JSON.stringify(this.asked.slice(-5))}`);
      await new Promise((later) => setTimeout(later, 10));
    }
  }

  /** How an execution ended, when it has. */
  async report(id: string): Promise<any> {
    return (await this.until(() => this.of(`/${id}/status`).at(-1))).body;
  }
}

/** A call as Maverick sends it. */
export function dispatch(
  address: string,
  name: string,
  body: unknown,
  id = "exec_1",
  headers: Record<string, string> = {},
): Promise<Response> {
  const own = { "Content-Type": "application/json", "X-Execution-ID": id, "X-Run-ID": "run_1" };
  const sent = { method: "POST", body: JSON.stringify(body), headers: { ...own, ...headers } };
  return fetch(`${address}/reasoners/${name}`, sent);
}
