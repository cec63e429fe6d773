// The agent's own small HTTP server: Maverick's calls come in here.

import {
  createServer,
  type IncomingHttpHeaders,
  type IncomingMessage,
  type Server,
  type ServerResponse,
} from "node:http";
import type { AddressInfo } from "node:net";

const MOST_BYTES = 64 * 1024 * 1024;

export interface Answer {
  status: number;
  told: unknown;
}

/** An answer that is no result. */
export class Refusal extends Error {
  constructor(
    readonly status: number,
    message: string,
  ) {
    super(message);
  }
}

export interface Answering {
  post(path: string, headers: IncomingHttpHeaders, body: unknown): Answer;
  get(path: string): Answer;
}

/** Listen; the server and its port. */
export async function listen(
  host: string,
  port: number,
  answering: Answering,
): Promise<[Server, number]> {
  const server = createServer((request, answer) => void respond(request, answer, answering));
  server.requestTimeout = 30_000;
  await new Promise<void>((ready, failed) => {
    server.once("error", failed);
    server.listen({ host, port, backlog: 512 }, ready);
  });
  return [server, (server.address() as AddressInfo).port];
}

/** Whoever comes now finds nobody, and tries again later. */
export async function close(server: Server): Promise<void> {
  await new Promise<void>((closed) => {
    server.close(() => closed());
    server.closeIdleConnections();
    setTimeout(() => server.closeAllConnections(), 1000).unref();
  });
}

async function respond(
  request: IncomingMessage,
  answer: ServerResponse,
  answering: Answering,
): Promise<void> {
  const { status, told } = await found(request, answering);
  const headers: Record<string, string> = { "Content-Type": "application/json", Connection: "close" };
  if (status === 503) headers["Retry-After"] = "1";
  answer.writeHead(status, headers);
  answer.end(JSON.stringify(told));
}

async function found(request: IncomingMessage, answering: Answering): Promise<Answer> {
  const path = (request.url ?? "").split("?")[0] ?? "";
  try {
    if (request.method === "GET") return answering.get(path);
    if (request.method !== "POST") throw new Refusal(405, "method not allowed");
    return answering.post(path, request.headers, await bodyOf(request));
  } catch (error) {
    if (error instanceof Refusal) return { status: error.status, told: { detail: error.message } };
    console.error(error);
    return { status: 500, told: { detail: "The agent's log says more." } };
  }
}

async function bodyOf(request: IncomingMessage): Promise<unknown> {
  // A page of another site can send text, but not JSON, without asking first.
  const type = (request.headers["content-type"] ?? "").split(";")[0]?.trim().toLowerCase();
  if (type !== "application/json") throw new Refusal(415, "The body must be application/json.");
  const parts: Buffer[] = [];
  let size = 0;
  for await (const part of request as AsyncIterable<Buffer>) {
    size += part.length;
    if (size > MOST_BYTES) throw new Refusal(413, `The body has more than ${MOST_BYTES} bytes.`);
    parts.push(part);
  }
  try {
    return size === 0 ? null : JSON.parse(Buffer.concat(parts).toString("utf8"));
  } catch {
    throw new Refusal(400, "Invalid JSON body");
  }
}
