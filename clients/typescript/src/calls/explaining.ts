// Why a run is as it is: graph, reasons, family, origin, comparison.

import type { Answer } from "../schemas.js";
import { part } from "../sending.js";
import { JournalCalls } from "./journal.js";

export class ExplainingCalls extends JournalCalls {
  /** The run's nodes and edges. */
  graph(runId: string): Promise<Answer<"getRunGraph">> {
    return this.ask<"getRunGraph">("GET", `runs/${part(runId)}/graph`);
  }

  /** Why a run is as it is, or its step `path` (a step path or an execution id). */
  why(runId: string, path = ""): Promise<Answer<"why">> {
    return this.ask<"why">("GET", `runs/${part(runId)}/why`, { query: { path } });
  }

  /** A run's family over all generations, and what was changed from run to run. */
  lineage(runId: string): Promise<Answer<"getRunLineage">> {
    return this.ask<"getRunLineage">("GET", `runs/${part(runId)}/lineage`);
  }

  /** Where the output of an execution comes from, back to who did the work. */
  origin(executionId: string): Promise<Answer<"getOrigin">> {
    return this.ask<"getOrigin">("GET", `executions/${part(executionId)}/origin`);
  }

  /** Run `other` beside run `runId`; with `path` only that step, with all its values. */
  compare(runId: string, other: string, path = ""): Promise<Answer<"compareRuns">> {
    const where = `runs/${part(runId)}/compare/${part(other)}`;
    return this.ask<"compareRuns">("GET", where, { query: { path } });
  }
}
