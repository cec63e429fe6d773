// A thin, typed client for a Maverick server.

import { AgentCalls } from "./calls/agents.js";

/** Talks to one Maverick server; `token` is an API token. Each class that it stands on has the
 * calls of one subject. */
export class Client extends AgentCalls {}

export type { GoldenRequest } from "./calls/keeping.js";
export type { Following, Waiting } from "./calls/journal.js";
export type { Keyed } from "./calls/runs.js";
export * from "./errors.js";
export type * from "./schemas.js";
export type { ClientOptions } from "./sending.js";
