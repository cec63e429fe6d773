// Checkpoints, and steps that wait for a decision.

import type { Answer, Approval, Checkpoint, ResumeRequest, Run } from "../schemas.js";
import { part } from "../sending.js";
import { ExplainingCalls } from "./explaining.js";
import type { Keyed } from "./runs.js";

export class CheckpointCalls extends ExplainingCalls {
  /** A run's checkpoints, newest first. */
  async checkpoints(runId: string): Promise<Checkpoint[]> {
    const path = `runs/${part(runId)}/checkpoints`;
    return (await this.ask<"listCheckpoints">("GET", path)).items;
  }

  /** One checkpoint, by id or name, and what it holds. */
  checkpoint(runId: string, checkpointId: string): Promise<Answer<"getCheckpoint">> {
    const path = `runs/${part(runId)}/checkpoints/${part(checkpointId)}`;
    return this.ask<"getCheckpoint">("GET", path);
  }

  /** The content of a checkpoint's file, for `importCheckpoint` of any server. */
  exportCheckpoint(runId: string, checkpointId: string): Promise<Answer<"exportCheckpoint">> {
    const path = `runs/${part(runId)}/checkpoints/${part(checkpointId)}/export`;
    return this.ask<"exportCheckpoint">("GET", path);
  }

  /** Take the content of a checkpoint file in, with the run that saved it. */
  importCheckpoint(content: Record<string, unknown>): Promise<Answer<"importCheckpoint">> {
    return this.ask<"importCheckpoint">("POST", "checkpoints", { json: content, safe: true });
  }

  /** Go on from a checkpoint, by id or name, as a new run. */
  resume(
    runId: string,
    checkpointId: string,
    request: ResumeRequest = {},
    { idempotencyKey }: Keyed = {},
  ): Promise<Answer<"resumeFromCheckpoint">> {
    const path = `runs/${part(runId)}/checkpoints/${part(checkpointId)}/resume`;
    return this.start<"resumeFromCheckpoint">(path, request, idempotencyKey);
  }

  /** The steps of a run that wait for a decision. */
  async approvals(runId: string): Promise<Approval[]> {
    return (await this.ask<"listApprovals">("GET", `runs/${part(runId)}/approvals`)).items;
  }

  /** Say yes to the step `where` (step path or execution id); `values` fill in its form. */
  approve(
    runId: string,
    where: string,
    { values = {}, comment = "" }: { values?: Record<string, unknown>; comment?: string } = {},
  ): Promise<Run> {
    return this.#decide(runId, where, { approve: true, values, comment });
  }

  /** Say no to the step `where`: it fails with what the comment says. */
  reject(runId: string, where: string, comment = ""): Promise<Run> {
    return this.#decide(runId, where, { approve: false, comment });
  }

  #decide(runId: string, where: string, json: unknown): Promise<Answer<"decideApproval">> {
    const path = `runs/${part(runId)}/approvals/${part(where)}`;
    return this.ask<"decideApproval">("POST", path, { json });
  }
}
