// Baselines and their checks; runs as files; what is cleaned up.

import type { Answer, GoldenRun } from "../schemas.js";
import { part, whole } from "../sending.js";
import { CheckpointCalls } from "./checkpoints.js";

export interface GoldenRequest {
  /** The workflow's name when it is left out. */
  name?: string;
  /** Left out: as they are. */
  tags?: string[];
  note?: string;
  /** Take the name from the run that has it. */
  replace?: boolean;
}

export class KeepingCalls extends CheckpointCalls {
  /** Keep a run that succeeded as a baseline. */
  markGolden(runId: string, request: GoldenRequest = {}): Promise<Answer<"markGolden">> {
    const path = `runs/${part(runId)}/golden`;
    return this.ask<"markGolden">("PUT", path, { json: request, safe: true });
  }

  /** No longer keep the run; harmless when it was not golden. */
  unmarkGolden(runId: string): Promise<Answer<"unmarkGolden">> {
    return this.ask<"unmarkGolden">("DELETE", `runs/${part(runId)}/golden`, { safe: true });
  }

  /** A golden run with its assertions and accepted values. */
  golden(runId: string): Promise<Answer<"getGolden">> {
    return this.ask<"getGolden">("GET", `runs/${part(runId)}/golden`);
  }

  /** All golden runs, or those of a workflow, by name. */
  async goldenRuns(workflow = ""): Promise<GoldenRun[]> {
    return (await this.ask<"listGolden">("GET", "golden", { query: { workflow } })).items;
  }

  /** What checks against the golden run mind, as YAML or JSON; null: all is to be equal. */
  setAssertions(
    runId: string,
    text: string | null,
    file = "",
  ): Promise<Answer<"setGoldenAssertions">> {
    const path = `runs/${part(runId)}/golden/assertions`;
    return text === null
      ? this.ask<"dropGoldenAssertions">("DELETE", path, { safe: true })
      : this.ask<"setGoldenAssertions">("PUT", path, { json: { text, file }, safe: true });
  }

  /** Checks against the golden run `runId` expect what `from` gave at `path`. */
  acceptValue(
    runId: string,
    request: { from: string; path: string; reason: string },
  ): Promise<Answer<"acceptGoldenValue">> {
    const path = `runs/${part(runId)}/golden/accept`;
    return this.ask<"acceptGoldenValue">("POST", path, { json: request });
  }

  /** How a run stands against `golden:NAME` or another run, node by node. */
  check(
    runId: string,
    against: string,
    { assertions = null, file = "" }: { assertions?: string | null; file?: string } = {},
  ): Promise<Answer<"checkRun">> {
    const json = { against, assertions, file };
    return this.ask<"checkRun">("POST", `runs/${part(runId)}/check`, { json, safe: true });
  }

  /** A run as one zip file. */
  exportRun(runId: string, timeoutMs = 600_000): Promise<Blob> {
    const path = `runs/${part(runId)}/export`;
    return this.send("GET", path, { timeoutMs }, (answer) => whole(answer.blob()));
  }

  /** Take the file of an exported run in. Not repeated when the answer is lost: ask for the run. */
  importRun(
    file: Blob | BufferSource,
    { newId = false, timeoutMs = 600_000 }: { newId?: boolean; timeoutMs?: number } = {},
  ): Promise<Answer<"importRun">> {
    const body = new Blob([file], { type: "application/zip" });
    const headers = { "Content-Type": "application/zip" };
    const query = { new_id: newId };
    return this.ask<"importRun">("POST", "runs/import", { body, headers, query, timeoutMs });
  }

  /** What a deletion would take, and what stays with the runs that reused it. */
  deletion(runId: string): Promise<Answer<"getDeletion">> {
    return this.ask<"getDeletion">("GET", `runs/${part(runId)}/deletion`);
  }

  /** Delete a run. For admins. */
  async deleteRun(runId: string): Promise<void> {
    await this.ask<"deleteRun">("DELETE", `runs/${part(runId)}`);
  }

  /** Delete runs that ended longer ago, but the newest `keep` of each workflow. For admins. */
  cleanUp(
    olderThanDays: number,
    { keep = 0, dryRun = false }: { keep?: number; dryRun?: boolean } = {},
  ): Promise<Answer<"cleanUp">> {
    const json = { older_than_days: olderThanDays, keep, dry_run: dryRun };
    return this.ask<"cleanUp">("POST", "gc", { json });
  }
}
