// A server on loopback that answers what it was told to, one request after the other.

import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";

/** Answers one request; `cut` ends the connection without an answer. */
export type Reply = (answer: ServerResponse, request: IncomingMessage) => void;

export interface Seen {
  method: string;
  url: URL;
  headers: IncomingMessage["headers"];
  body: string;
}

export const cut: Reply = (answer) => answer.destroy();

export function json(status: number, body: unknown, headers: Record<string, string> = {}): Reply {
  return (answer) => {
    answer.writeHead(status, { "Content-Type": "application/json", ...headers });
    answer.end(JSON.stringify(body));
  };
}

export function stream(texts: string[], breaks = false): Reply {
  return (answer) => {
    answer.writeHead(200, { "Content-Type": "text/event-stream" });
    for (const text of texts) answer.write(text);
    // What was written goes out before the connection is broken off.
    if (breaks) setTimeout(() => answer.destroy(), 50);
    else answer.end();
  };
}

export class Scripted {
  readonly seen: Seen[] = [];
  readonly #server: Server;

  private constructor(server: Server) {
    this.#server = server;
  }

  /** The last reply is given again and again. */
  static async with(...replies: [Reply, ...Reply[]]): Promise<Scripted> {
    const server = createServer();
    const scripted = new Scripted(server);
    server.on("request", (request: IncomingMessage, answer: ServerResponse) => {
      const parts: Buffer[] = [];
      request.on("data", (part: Buffer) => parts.push(part));
      request.on("end", () => {
        const reply = replies[Math.min(scripted.seen.length, replies.length - 1)] as Reply;
        scripted.seen.push({
          method: request.method ?? "",
          url: new URL(request.url ?? "", "http://maverick.test"),
          headers: request.headers,
          body: Buffer.concat(parts).toString(),
        });
        reply(answer, request);
      });
    });
    await new Promise<void>((ready) => server.listen(0, "127.0.0.1", ready));
    return scripted;
  }

  get address(): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  close(): Promise<void> {
    this.#server.closeAllConnections();
    return new Promise((closed) => this.#server.close(() => closed()));
  }

}
