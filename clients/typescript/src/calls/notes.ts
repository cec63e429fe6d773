// What people write on a run: notes and labels.

import type { Answer } from "../schemas.js";
import { part } from "../sending.js";
import { WorkflowCalls } from "./workflows.js";

export class NoteCalls extends WorkflowCalls {
  /** A run's notes; without any, an empty text of revision 0. */
  note(runId: string): Promise<Answer<"getNote">> {
    return this.ask<"getNote">("GET", `runs/${part(runId)}/note`);
  }

  /** Write a run's notes. With the `revision` that was read, 409 when somebody has written since.
   * An empty text takes them away. */
  writeNote(runId: string, text: string, revision?: number): Promise<Answer<"writeNote">> {
    const json = { text, revision: revision ?? null };
    return this.ask<"writeNote">("PUT", `runs/${part(runId)}/note`, { json, safe: true });
  }

  /** Give a run these labels and no others. */
  setLabels(runId: string, labels: Record<string, string>): Promise<Answer<"setLabels">> {
    const path = `runs/${part(runId)}/labels`;
    return this.ask<"setLabels">("PUT", path, { json: { labels }, safe: true });
  }
}
