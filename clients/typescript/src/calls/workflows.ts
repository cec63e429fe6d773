// Workflows and their texts.

import type { Answer, Workflow } from "../schemas.js";
import { part } from "../sending.js";
import { KeepingCalls } from "./keeping.js";

export class WorkflowCalls extends KeepingCalls {
  /** Every workflow that the server knows, by name. */
  workflows(): AsyncGenerator<Workflow> {
    return this.all<Workflow>("workflows");
  }

  /** One workflow with its source and its versions. */
  workflow(name: string): Promise<Answer<"getWorkflow">> {
    return this.ask<"getWorkflow">("GET", `workflows/${part(name)}`);
  }

  /** Check a text and keep it as a version; the same text gives the same version. */
  publishWorkflow(definition: string, file = ""): Promise<Answer<"publishWorkflow">> {
    const json = { definition, file };
    return this.ask<"publishWorkflow">("POST", "workflows", { json, safe: true });
  }

  /** What is wrong with a text; nothing is kept or started. */
  validateWorkflow(definition: string, file = ""): Promise<Answer<"validateWorkflow">> {
    const json = { definition, file };
    return this.ask<"validateWorkflow">("POST", "workflows/validate", { json, safe: true });
  }
}
