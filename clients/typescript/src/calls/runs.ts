// Starting, restarting, finding and stopping runs, and their steps.

import type {
  Answer,
  BulkRequest,
  Execution,
  LogPart,
  Query,
  RestartRequest,
  Run,
  RunRequest,
} from "../schemas.js";
import { part, Sending } from "../sending.js";

/** A key of your own; without one, each call makes one. */
export interface Keyed {
  idempotencyKey?: string;
}

export class RunCalls extends Sending {
  /** Start a run of a `workflow` by name, or of the text of a `definition`. */
  startRun(request: RunRequest, { idempotencyKey }: Keyed = {}): Promise<Answer<"startRun">> {
    return this.start<"startRun">("runs", request, idempotencyKey);
  }

  /** Restart a run, with changes or without. */
  restartRun(
    runId: string,
    request: RestartRequest = {},
    { idempotencyKey }: Keyed = {},
  ): Promise<Answer<"restartRun">> {
    return this.start<"restartRun">(`runs/${part(runId)}/restart`, request, idempotencyKey);
  }

  /** What `restartRun` with the same request would do, without doing it. */
  planRestart(runId: string, request: RestartRequest = {}): Promise<Answer<"planRestart">> {
    const path = `runs/${part(runId)}/restart-plan`;
    return this.ask<"planRestart">("POST", path, { json: request, safe: true });
  }

  /** Restart a run from one of its executions. Unless `reuse` says otherwise, what started
   * before it is kept. */
  async restartExecution(
    executionId: string,
    request: Omit<RestartRequest, "from"> = {},
    { idempotencyKey }: Keyed = {},
  ): Promise<Run> {
    const path = `executions/${part(executionId)}/restart`;
    const made = (await this.start<"restartExecution">(path, request, idempotencyKey)) as
      | Run
      | { run_id: string };
    // The call of an agent is restarted and answered in AgentField's way.
    return "run_id" in made ? this.getRun(made.run_id) : made;
  }

  /** What `restartExecution` with the same request would do, without doing it. */
  planExecution(
    executionId: string,
    request: Omit<RestartRequest, "from"> = {},
  ): Promise<Answer<"planExecutionRestart">> {
    const path = `executions/${part(executionId)}/restart-plan`;
    return this.ask<"planExecutionRestart">("POST", path, { json: request, safe: true });
  }

  /** A step that waits for its next try is tried now. */
  retryExecution(runId: string, executionId: string): Promise<Answer<"retryExecution">> {
    const path = `runs/${part(runId)}/executions/${part(executionId)}/retry`;
    return this.ask<"retryExecution">("POST", path);
  }

  /** One run, with what it gave. */
  getRun(runId: string): Promise<Answer<"getRun">> {
    return this.ask<"getRun">("GET", `runs/${part(runId)}`);
  }

  /** One page of runs, newest first. `text` is the start of a run id or a part of a workflow's
   * name, `source` the run that they were started from. */
  listRuns(filter: Query<"listRuns"> = {}): Promise<Answer<"listRuns">> {
    return this.ask<"listRuns">("GET", "runs", { query: { ...filter } });
  }

  /** Every run that fits the filter, page after page. */
  allRuns(filter: Omit<Query<"listRuns">, "cursor"> = {}): AsyncGenerator<Run> {
    return this.all<Run>("runs", { limit: 200, ...filter });
  }

  /** Cancel a run: nothing new starts, what runs is told. */
  cancelRun(runId: string, reason = ""): Promise<Answer<"cancelRun">> {
    return this.ask<"cancelRun">("POST", `runs/${part(runId)}/cancel`, { json: { reason } });
  }

  /** Pause a run: what runs goes on to its end, nothing new starts. */
  pauseRun(runId: string, reason = ""): Promise<Answer<"pauseRun">> {
    return this.ask<"pauseRun">("POST", `runs/${part(runId)}/pause`, { json: { reason } });
  }

  /** Let a paused run go on. */
  resumeRun(runId: string): Promise<Answer<"resumeRun">> {
    return this.ask<"resumeRun">("POST", `runs/${part(runId)}/resume`);
  }

  /** Do one thing to many runs: by their `ids`, or to those that a `filter` finds. */
  bulk(request: BulkRequest, { idempotencyKey }: Keyed = {}): Promise<Answer<"bulkRuns">> {
    return this.start<"bulkRuns">("runs/bulk", request, idempotencyKey);
  }

  /** Every execution of a run, or those with a status, in the order of the paths. */
  executions(runId: string, status: readonly string[] = []): AsyncGenerator<Execution> {
    return this.all<Execution>(`runs/${part(runId)}/executions`, { limit: 200, status });
  }

  /** One execution of a run. */
  execution(runId: string, executionId: string): Promise<Answer<"getExecution">> {
    const path = `runs/${part(runId)}/executions/${part(executionId)}`;
    return this.ask<"getExecution">("GET", path);
  }

  /** What an execution printed, in order. */
  async *log(runId: string, executionId: string): AsyncGenerator<LogPart> {
    const path = `runs/${part(runId)}/executions/${part(executionId)}/log`;
    for (let after = 0; ; ) {
      const { items } = await this.ask<"getExecutionLog">("GET", path, { query: { after } });
      yield* items;
      const last = items.at(-1);
      if (last === undefined || last.id <= after) return;
      after = last.id;
    }
  }
}
