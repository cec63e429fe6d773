// How a call can end other than well.

import { ClientError } from "../src/errors.js";

export interface Told {
  execution_id: string;
  status: string;
  status_reason?: string;
  error?: string;
  error_message?: string;
  error_details?: unknown;
  result?: unknown;
}

/** A call of another reasoner has failed, or was cancelled, or took too long. */
export class CallFailed extends ClientError {
  readonly executionId: string;
  readonly status: string;
  readonly reason: string;
  readonly details: unknown;
  readonly result: unknown;

  constructor(
    readonly target: string,
    told: Told,
  ) {
    const why = told.error || told.error_message || told.status_reason || "";
    super(`${target} ${told.status}${why === "" ? "" : `: ${why}`}`);
    this.executionId = told.execution_id;
    this.status = told.status;
    this.reason = told.status_reason ?? "";
    this.details = told.error_details;
    this.result = told.result;
  }
}

export interface Failure {
  result?: unknown;
  details?: unknown;
  /** What a synchronous caller is answered with, 400 to 499. */
  statusCode?: number;
}

/** Thrown in a reasoner: it fails, and tells more than a text. */
export class ReasonerFailed extends ClientError {
  constructor(
    message: string,
    readonly told: Failure = {},
  ) {
    super(message);
  }
}
