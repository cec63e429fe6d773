// A thin, typed client for a Maverick server.

import { ViewCalls } from "./calls/views.js";

/** Talks to one Maverick server; `token` is an API token. Each class that it stands on has the
 * calls of one subject. */
export class Client extends ViewCalls {}

export type { GoldenRequest } from "./calls/keeping.js";
export type { Following, Waiting } from "./calls/journal.js";
export type { Keyed } from "./calls/runs.js";
export * from "./errors.js";
export type * from "./schemas.js";
export type { ClientOptions } from "./sending.js";
