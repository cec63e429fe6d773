// What can go wrong: nobody answers, or the server says no.

import type { Problem, ProblemItem } from "./schemas.js";

/** Anything that this package raises by itself. */
export class ClientError extends Error {
  constructor(message: string) {
    super(message);
    this.name = new.target.name;
  }
}

/** Nobody answered at the server's address, or not in time. */
export class ServerUnreachable extends ClientError {}

/** The run was not over in the time given to `wait`. */
export class WaitTimeout extends ClientError {}

/** The server refused, in the words of its problem document. */
export class ApiError extends ClientError {
  readonly code: string;
  readonly hint: string;
  readonly problems: ProblemItem[];

  constructor(
    readonly status: number,
    readonly body: Partial<Problem>,
  ) {
    const code = body.code ?? `http-${status}`;
    super(`${body.detail || body.title || `HTTP ${status}`} [${code}]`);
    this.code = code;
    this.hint = body.hint ?? "";
    this.problems = Array.isArray(body.problems) ? body.problems : [];
  }
}

/** 401: a token is needed, or this one does not hold any more. */
export class NotSignedIn extends ApiError {}

/** 403: this token does not have the right. */
export class NotAllowed extends ApiError {}

/** 404: there is no such run, workflow, execution, checkpoint or token. */
export class NotFound extends ApiError {}

/** 409: it does not fit the state things are in. */
export class Conflict extends ApiError {}

/** 422: the request cannot be carried out as it is. */
export class Refused extends ApiError {}

const CLASSES: Record<number, typeof ApiError> = {
  401: NotSignedIn,
  403: NotAllowed,
  404: NotFound,
  409: Conflict,
  422: Refused,
};

/** The error that fits an answer. */
export async function refusal(answer: Response): Promise<ApiError> {
  let body: unknown;
  try {
    body = JSON.parse(await answer.text());
  } catch {
    body = null;
  }
  const told = typeof body === "object" && body !== null && !Array.isArray(body);
  const kind = CLASSES[answer.status] ?? ApiError;
  return new kind(answer.status, told ? (body as Partial<Problem>) : { title: answer.statusText });
}
