// Asking the server: requests, which of them are repeated, and what an answer means.

import { refusal, ServerUnreachable } from "./errors.js";
import type { operations } from "./generated/api.js";
import type { Answer, Page } from "./schemas.js";

const BUSY = new Set([429, 502, 503, 504]);
const LONGEST_PAUSE_MS = 10_000;
// Of a connection that was never made, as Node tells it; it carried no request. A browser does
// not tell, so there it counts as sent.
const UNSENT = new Set(["ECONNREFUSED", "ENOTFOUND", "EAI_AGAIN", "UND_ERR_CONNECT_TIMEOUT"]);

export interface ClientOptions {
  /** How long a request may take, in milliseconds. */
  timeoutMs?: number;
  /** How often a request is repeated that may be repeated. */
  retries?: number;
  /** Sent with every request, for instance what a proxy asks for. */
  headers?: Record<string, string>;
  /** In the place of the global `fetch`. */
  fetch?: typeof fetch;
}

type Words = string | number | boolean | null | undefined | readonly string[];

export interface Asked {
  query?: Record<string, Words>;
  json?: unknown;
  body?: Blob;
  headers?: Record<string, string>;
  /** May be repeated when its answer was lost. Reads always may. */
  safe?: boolean;
  /** In the place of the client's. */
  timeoutMs?: number;
  signal?: AbortSignal | undefined;
}

/** A request that got no answer. */
class Lost extends Error {
  constructor(
    message: string,
    readonly unsent: boolean,
  ) {
    super(message);
  }
}

/** What all calls of Client have in common. */
export class Sending {
  readonly baseUrl: string;
  readonly retries: number;
  readonly timeoutMs: number;
  readonly #headers: Record<string, string>;
  readonly #fetch: typeof fetch;

  constructor(baseUrl: string, token?: string, options: ClientOptions = {}) {
    this.baseUrl = baseUrl.replace(/\/+$/, "").replace(/\/api\/v1$/, "");
    this.retries = options.retries ?? 3;
    this.timeoutMs = options.timeoutMs ?? 30_000;
    this.#headers = { ...options.headers, ...(token ? { Authorization: `Bearer ${token}` } : {}) };
    // Called without an object before it: a browser's fetch insists on that.
    this.#fetch = options.fetch ?? ((input, init) => fetch(input, init));
  }

  /** The answer of an operation. */
  protected async ask<Operation extends keyof operations>(
    method: string,
    path: string,
    asked: Asked = {},
  ): Promise<Answer<Operation>> {
    const text = await this.send(method, path, asked, (answer) => answer.text());
    if (text === "") return undefined as Answer<Operation>;
    try {
      return JSON.parse(text) as Answer<Operation>;
    } catch {
      throw new ServerUnreachable(
        `${this.baseUrl} answered something else than JSON. Is it a Maverick server?`,
      );
    }
  }

  /** The answer of an operation that makes something, asked for under a key: an answer that was
   * lost is asked for again, and the server hands out what the first request made. */
  protected start<Operation extends keyof operations>(
    path: string,
    json: unknown,
    key: string | undefined,
  ): Promise<Answer<Operation>> {
    const headers = { "Idempotency-Key": key ?? randomKey() };
    return this.ask<Operation>("POST", path, { json, headers, safe: true });
  }

  /** The items of all pages. */
  protected async *all<Item>(path: string, query: Asked["query"] = {}): AsyncGenerator<Item> {
    let cursor: string | null = null;
    do {
      const asked: Asked = { query: { ...query, cursor } };
      const page = (await this.ask<never>("GET", path, asked)) as Page<Item>;
      yield* page.items;
      cursor = page.next_cursor;
    } while (cursor);
  }

  /** Send, and repeat what may be repeated; `read` takes what is wanted from a good answer. */
  protected async send<Wanted>(
    method: string,
    path: string,
    asked: Asked,
    read: (answer: Response) => Promise<Wanted>,
  ): Promise<Wanted> {
    const safe = asked.safe ?? method === "GET";
    for (let attempt = 0; ; attempt += 1) {
      const last = attempt >= this.retries;
      let wait = pause(attempt);
      try {
        const limit = AbortSignal.timeout(asked.timeoutMs ?? this.timeoutMs);
        const signal = asked.signal ? AbortSignal.any([asked.signal, limit]) : limit;
        const answer = await this.once(method, path, asked, signal);
        if (answer.ok) return await whole(read(answer));
        const error = await whole(refusal(answer));
        if (!safe || last || !BUSY.has(answer.status)) throw error;
        wait = pause(attempt, answer.headers.get("retry-after"));
      } catch (error) {
        asked.signal?.throwIfAborted();
        if (!(error instanceof Lost)) throw error;
        if (last || !(safe || error.unsent)) throw this.unreachable(error);
      }
      await sleep(wait, asked.signal);
    }
  }

  /** One request, whatever the answer says. */
  protected async once(
    method: string,
    path: string,
    asked: Asked,
    signal: AbortSignal,
  ): Promise<Response> {
    const headers: Record<string, string> = {
      Accept: "application/json",
      ...this.#headers,
      ...asked.headers,
    };
    if (asked.json !== undefined) headers["Content-Type"] = "application/json";
    const body = asked.json === undefined ? (asked.body ?? null) : JSON.stringify(asked.json);
    // A redirect is no answer of Maverick's, and the token is not for where it leads.
    const request: RequestInit = { method, headers, body, signal, redirect: "manual" };
    return whole(this.#fetch(`${this.baseUrl}/api/v1/${path}${search(asked.query)}`, request));
  }

  protected unreachable(error: unknown): ServerUnreachable {
    const what = error instanceof Error ? error.message : String(error);
    return new ServerUnreachable(`No answer from ${this.baseUrl}: ${what}.`);
  }

  protected isLost(error: unknown): boolean {
    return error instanceof Lost;
  }
}

/** What a promise of fetch gives; a broken line is told as Lost. */
export async function whole<Value>(promise: Promise<Value>): Promise<Value> {
  try {
    return await promise;
  } catch (error) {
    throw lost(error);
  }
}

/** Of a failed fetch: that it is lost. Anything else is told as it is. */
export function lost(error: unknown): unknown {
  if (error instanceof DOMException && error.name === "TimeoutError") {
    return new Lost("it took too long", false);
  }
  if (!(error instanceof TypeError)) return error;
  const cause: unknown = error.cause;
  const code = cause instanceof Error && "code" in cause ? String(cause.code) : "";
  return new Lost(cause instanceof Error ? cause.message || code : error.message, UNSENT.has(code));
}

/** One segment of a path: an id that someone typed leads nowhere else. */
export function part(text: string): string {
  return text === "" || text === "." || text === ".." ? "-" : encodeURIComponent(text);
}

/** How long to wait before the next try: what the server asked for, else ever longer. */
export function pause(attempt: number, asked: string | null = null): number {
  if (asked !== null && /^\d+$/.test(asked)) return Math.min(Number(asked) * 1000, LONGEST_PAUSE_MS);
  return Math.min(200 * 2 ** attempt, LONGEST_PAUSE_MS) * (0.75 + Math.random() / 2);
}

/** Some time later; at once, with the signal's reason, when it is given up. */
export function sleep(ms: number, signal?: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    const stop = (): void => {
      clearTimeout(timer);
      reject(signal?.reason);
    };
    const timer = setTimeout(() => {
      signal?.removeEventListener("abort", stop);
      resolve();
    }, ms);
    if (signal?.aborted) stop();
    else signal?.addEventListener("abort", stop, { once: true });
  });
}

function search(query: Asked["query"] = {}): string {
  const found = new URLSearchParams();
  for (const [name, value] of Object.entries(query)) {
    if (value === null || value === undefined || value === "") continue;
    for (const one of Array.isArray(value) ? value : [value]) found.append(name, String(one));
  }
  const text = found.toString();
  return text === "" ? "" : `?${text}`;
}

export function randomKey(): string {
  // Not randomUUID: browsers have that on https and localhost only.
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
}
