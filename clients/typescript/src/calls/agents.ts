// Agents that have registered themselves.

import type { Answer, RegisteredAgent } from "../schemas.js";
import { part } from "../sending.js";
import { AdminCalls } from "./admin.js";
import type { Keyed } from "./runs.js";

export class AgentCalls extends AdminCalls {
  /** Every agent, by name, with its reasoners and its calls of the last 24 hours. */
  agents(): AsyncGenerator<RegisteredAgent> {
    return this.all<RegisteredAgent>("agents", { limit: 200 });
  }

  /** One agent and its last calls. */
  agent(name: string): Promise<Answer<"getAgent">> {
    return this.ask<"getAgent">("GET", `agents/${part(name)}`);
  }

  /** Call `agent.reasoner`: a run of one step. */
  callAgent(
    target: string,
    input: Record<string, unknown> = {},
    { context, idempotencyKey }: Keyed & { context?: Record<string, unknown> } = {},
  ): Promise<Answer<"callAgent">> {
    const dot = target.indexOf(".");
    const [agent, reasoner] = dot < 0 ? [target, ""] : [target.slice(0, dot), target.slice(dot + 1)];
    const body = { reasoner, input, ...(context === undefined ? {} : { context }) };
    return this.start<"callAgent">(`agents/${part(agent)}/calls`, body, idempotencyKey);
  }

  /** Take an agent out of the list; with `force` although calls of it are open, which fail. For
   * admins. */
  removeAgent(name: string, { force = false } = {}): Promise<Answer<"removeAgent">> {
    const query = force ? { force: "true" } : {};
    return this.ask<"removeAgent">("DELETE", `agents/${part(name)}`, { query });
  }
}
