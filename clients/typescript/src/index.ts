// A thin, typed client for a Maverick server.

import { WebhookCalls } from "./calls/webhooks.js";

/** Talks to one Maverick server; `token` is an API token. Each class that it stands on has the
 * calls of one subject. */
export class Client extends WebhookCalls {}

export type { GoldenRequest } from "./calls/keeping.js";
export type { Following, Waiting } from "./calls/journal.js";
export type { Keyed } from "./calls/runs.js";
export * from "./errors.js";
export type * from "./schemas.js";
export type { ClientOptions } from "./sending.js";
